"""A package as a wheel: equal sources, equal bytes."""

import zipfile
from io import BytesIO
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)   # of files in a wheel: equal sources, equal bytes


def make_wheel(package: Path) -> bytes:
    """A wheel of a pure package from its sources: equal sources, equal bytes."""
    files = {f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes()
             for path in sorted(package.rglob("*.py"))}
    info = f"{package.name}-0.dist-info"
    about = f"Metadata-Version: 2.1\nName: {package.name}\nVersion: 0\n"
    files[f"{info}/METADATA"] = about.encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()
