"""An environment in which numpy's numbers do not depend on the machine's processor.

Training magnifies rounding: what differs in the last digit of a product can differ in the second
digit of a loss a thousand epochs later. OpenBLAS and numpy take the widest instructions that a
processor has, each of which rounds a little differently, and threads divide sums anew. Here one
thread takes those of AVX2, which most x86-64 processors have had since 2013. A processor without
them is left as it is: there OpenBLAS would stop at the first product. `deepmath` trains with numpy,
also where numba is installed, whose machine code suits the processor that it was made for.

Where Quarto is run without `book`, the file `_environment` beside `_quarto.yml` does what can be
done without knowing the processor: all but the choice of OpenBLAS's instructions.
"""

from pathlib import Path

PROCESSORS = Path("/proc/cpuinfo")      # Linux
# A second thread never helped at the sizes of the book's matrices, and costs where cores are few.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                            "VECLIB_MAXIMUM_THREADS"), "1")
NUMPY = {"DEEPMATH_ENGINE": "fast"}
# What numpy 2.4, and numpy before it, call the instructions beyond AVX2.
WIDER = "X86_V4,AVX512F,AVX512CD,AVX512_SKX,AVX512_CLX,AVX512_CNL,AVX512_ICL,AVX512_SPR"
AVX2 = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": WIDER}


def numeric_environment() -> dict[str, str]:
    """The variables; numpy reads them when it is imported."""
    has_avx2 = PROCESSORS.is_file() and "avx2" in PROCESSORS.read_text().split()
    return ONE_THREAD | NUMPY | (AVX2 if has_avx2 else {})
