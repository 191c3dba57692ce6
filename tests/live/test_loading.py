"""What a reader is told when Python cannot be had; the rendered output stands all the while."""

import gzip
import re

from playwright.sync_api import expect

RENDERED = "total 10"
NUMPY = "numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
ALTERED = "was refused: it is not the file that this book was made with"


def refusal(reader):
    """Run a cell that cannot be run, and return what the page says."""
    reader.edit().get_by_role("button", name="Run", exact=True).click()
    return told(reader)


def told(reader):
    """What a page says that has no Python; the rendered output stands all the while."""
    words = reader.cell().locator(".live-unavailable")
    words.wait_for()
    assert reader.cell().locator(".cell-output").first.inner_text().strip() == RENDERED
    assert reader.cell().get_by_role("button", name="Retry").is_visible()
    return words.inner_text()


def each_refusal(reader, heal, faults):
    """Run a cell; each file of `faults` is told with what is wrong with it, and healed for Retry."""
    refused = refusal(reader)
    while True:
        [name] = [name for name in faults if name in refused]
        assert faults.pop(name) in refused
        assert "The output below is that of the book." in refused
        heal(name)
        reader.cell().get_by_role("button", name="Retry").click()
        if not faults:
            return
        expect(reader.cell().locator(".live-unavailable")).not_to_contain_text(name)
        refused = told(reader)


# The tests of these pages share one Python.

def test_each_file_that_is_harmed_is_told_and_retry_loads_what_is_well(reader, site, faults):
    """The editor is missing all the while: a text area stands in its place."""
    faults |= {"editor.js": "missing", "pyodide.asm.mjs": "altered", "packages.bin": "altered",
               "pyodide.js": "missing", "python.bin": "down"}
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url))
    reader.page.reload()
    cell = reader.edit()
    assert cell.locator("textarea").input_value().startswith("total = sum(range(5))")
    each_refusal(reader, faults.pop, {
        "pyodide.asm.mjs": ALTERED, "packages.bin": ALTERED, "pyodide.js": "the server answered 404",
        "python.bin": "could not be loaded. Is there a network?"})
    assert reader.ended() == RENDERED
    cell.locator("textarea").fill("print('plain')")
    reader.page.keyboard.press("Control+Enter")
    expect(cell.locator(".live-output")).to_have_text("plain")
    assert [url for url in asked if url.endswith("packages.bin")]
    assert not [url for url in asked if not url.startswith((site, "blob:"))]
    assert not [url for url in asked if url.endswith(("rest.bin", ".whl"))]


def test_what_a_run_imports_beyond_that_comes_to_it(reader, asked):
    code = "print('begun')\nimport statistics\nprint(statistics.mean([1, 3]))"
    for _ in range(2):
        assert reader.run(code).split() == ["begun", "2"]
    assert reader.run("import numpy as np\nprint(np.fft.fft([1, 0]).real)") == "[1. 1.]"
    assert len([path for path in asked if path.endswith("rest.bin")]) == 1
    assert not any("pandas" in path for path in asked)


def test_a_run_does_not_begin_again_for_what_the_page_has_not(reader):
    code = "from _later import Lacking\nraise Lacking({})"
    for names in ("['none.bin']", "['rest.bin']"):
        reader.run(code.format(names))
        assert reader.status() == "failed"
    assert reader.run("print('again')") == "again"


def test_what_is_fetched_before_the_first_result_is_less_than_12_mb(book):
    folder = book / "site_libs" / "live"
    plain = ["live.js", "live.css", "editor.js", "runtime/pyodide.js", "runtime/pyodide.asm.mjs"]
    sizes = [len(gzip.compress((folder / name).read_bytes())) for name in plain]    # as hosts do
    sizes += [(folder / "runtime" / name).stat().st_size for name in ("python.bin", "packages.bin")]
    assert sum(sizes) < 12e6


def test_a_browser_without_webassembly(visitor, site):
    reader = visitor(f"{site}chapters/one.html", script="delete globalThis.WebAssembly")
    assert "it has no WebAssembly" in refusal(reader)


# What a book needs of a host whose policy allows nothing by itself; without one part of it, a
# reader is told the directive and what it lacks.
ALLOWED = {"script-src": "'self' 'wasm-unsafe-eval' '{frame}'", "connect-src": "'self'", "worker-src": "blob:",
           "img-src": "'self' blob:", "style-src": "'self' 'unsafe-inline'"}


def strict(frame, **changed):
    parts = {"default-src": "'none'", **ALLOWED} | {name.replace("_", "-"): value for name, value in changed.items()}
    return "; ".join(f"{name} {value}" for name, value in parts.items()).format(frame=frame)


def test_a_host_with_a_strict_policy(visitor, site, book, policy):
    reader = visitor("about:blank")
    frame = re.search(r"script-src '(sha256-[^']+)'", (book / "site_libs" / "live" / "live.js").read_text())[1]
    for changed, said in [
            ({"script_src": "'self' '{frame}'"}, "script-src lacks 'wasm-unsafe-eval'"),
            ({"script_src": "'self' 'wasm-unsafe-eval'"}, f"script-src lacks '{frame}'"),
            ({"connect_src": "'none'"}, "connect-src lacks 'self'"),
            ({"worker_src": "'self'"}, "worker-src lacks blob:"),
            ({"trusted_types": "other", "require_trusted_types_for": "'script'"}, "trusted-types lacks live-cells")]:
        policy(strict(frame, **changed))
        reader.page.goto(f"{site}chapters/one.html")
        assert said in refusal(reader)
    policy(strict(frame, img_src="'self'", trusted_types="live-cells", require_trusted_types_for="'script'"))
    reader.page.goto(f"{site}chapters/one.html")
    assert "has no blob: in its img-src" in reader.run("import matplotlib.pyplot as plt\nplt.plot([1]);")


def test_a_page_opened_from_a_file(visitor, book):
    reader = visitor((book / "chapters" / "one.html").as_uri())
    assert "serve the book" in refusal(reader)


def test_without_javascript_the_page_is_complete(visitor, site):
    reader = visitor(f"{site}chapters/one.html", java_script_enabled=False)
    assert RENDERED in reader.page.locator("main").inner_text()
    assert "total = sum" in reader.page.locator("main").inner_text()
    assert "double(2) should be 4." in reader.page.locator("main").inner_text()


# ------------------------------------------------- the runtime from Pyodide's delivery network

def test_no_file_from_the_network_is_taken_but_the_books(
        visitor, site_without_runtime, with_network, faults):
    asked, altered = [], {"pyodide.asm.mjs", "python_stdlib.zip", NUMPY}
    faults["package.js"] = "altered"
    reader = with_network(visitor(site_without_runtime), asked, altered)
    assert "package.js could not be loaded, or is not the file" in refusal(reader)
    assert not asked
    faults.clear()
    reader.cell().get_by_role("button", name="Retry").click()
    expect(reader.cell().locator(".live-unavailable")).not_to_contain_text("package.js")
    each_refusal(reader, altered.discard, dict.fromkeys(altered, ALTERED))
    expect(reader.cell().locator(".live-status")).to_contain_text("Python")
