"""What a reader is told when Python cannot be had; the rendered output stands all the while."""

import gzip
import re

import pytest

RENDERED = "total 10"
CDN = {"https://cdn.jsdelivr.net/pyodide/v314.0.3/full", "https://cdn.jsdelivr.net/npm/pyodide@314.0.3"}
ALTERED = "was refused: it is not the file that this book was made with"


def refusal(reader):
    """Run a cell that cannot be run, and return what the page says."""
    reader.edit().get_by_role("button", name="Run", exact=True).click()
    told = reader.cell().locator(".live-unavailable")
    told.wait_for()
    assert reader.cell().locator(".cell-output").first.inner_text().strip() == RENDERED
    assert reader.cell().get_by_role("button", name="Retry").is_visible()
    return told.inner_text()


@pytest.mark.parametrize("name, fault, said", [
    ("pyodide.asm.mjs", "altered", ALTERED), ("packages.bin", "altered", ALTERED),
    ("pyodide.js", "missing", "the server answered 404"),
    ("python.bin", "down", "could not be loaded. Is there a network?")])
def test_a_file_of_the_runtime_that_is(visitor, site, faults, name, fault, said):
    faults[name] = fault
    told = refusal(visitor(f"{site}chapters/one.html"))
    assert name in told and said in told
    assert "The output above is that of the book." in told


def test_retry_loads_what_was_missing(visitor, site, faults):
    faults["packages.bin"] = "missing"
    reader = visitor(f"{site}chapters/one.html")
    refusal(reader)
    faults.clear()
    reader.cell().get_by_role("button", name="Retry").click()
    assert reader.ended() == RENDERED


def test_no_file_of_the_page_but_those_of_the_book_is_asked_for(visitor, site):
    reader = visitor(f"{site}chapters/one.html")
    asked = []
    reader.page.context.on("request", lambda request: asked.append(request.url))
    assert reader.run() == RENDERED
    assert [url for url in asked if url.endswith("packages.bin")]
    assert not [url for url in asked if not url.startswith((site, "blob:"))]


def test_what_is_fetched_before_the_first_result_is_less_than_12_mb(book):
    folder = book / "site_libs" / "live"
    plain = ["live.js", "live.css", "editor.js", "runtime/pyodide.js", "runtime/pyodide.asm.mjs"]
    sizes = [len(gzip.compress((folder / name).read_bytes())) for name in plain]    # as hosts do
    sizes += [(folder / "runtime" / name).stat().st_size for name in ("python.bin", "packages.bin")]
    assert sum(sizes) < 12e6


def test_what_a_run_imports_beyond_that_comes_to_it(visitor, site, asked):
    reader = visitor(f"{site}chapters/one.html")
    assert reader.run() == RENDERED
    assert not [path for path in asked if path.endswith(("rest.bin", ".whl"))]
    code = "print('begun')\nimport statistics\nprint(statistics.mean([1, 3]))"
    for _ in range(2):
        assert reader.run(code).split() == ["begun", "2"]
    assert reader.run("import numpy as np\nprint(np.fft.fft([1, 0]).real)") == "[1. 1.]"
    assert len([path for path in asked if path.endswith("rest.bin")]) == 1
    assert not any("pandas" in path for path in asked)


def test_a_run_does_not_begin_again_for_what_the_page_has_not(visitor, site):
    code = "from _later import Lacking\nraise Lacking({})"
    reader = visitor(f"{site}chapters/one.html")
    for names in ("['none.bin']", "['rest.bin']"):
        reader.run(code.format(names))
        assert reader.status() == "failed"
    assert reader.run("print('again')") == "again"


def test_without_the_editor_there_is_a_text_area(visitor, site, faults):
    faults["editor.js"] = "missing"
    reader = visitor(f"{site}chapters/one.html")
    cell = reader.edit()
    assert cell.locator("textarea").input_value().startswith("total = sum(range(5))")
    cell.locator("textarea").fill("print('plain')")
    reader.page.keyboard.press("Control+Enter")
    assert reader.ended() == "plain"


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
    frame = re.search(r"script-src '(sha256-[^']+)'", (book / "site_libs" / "live" / "live.js").read_text())[1]
    for changed, said in [
            ({"script_src": "'self' '{frame}'"}, "script-src lacks 'wasm-unsafe-eval'"),
            ({"script_src": "'self' 'wasm-unsafe-eval'"}, f"script-src lacks '{frame}'"),
            ({"connect_src": "'none'"}, "connect-src lacks 'self'"),
            ({"worker_src": "'self'"}, "worker-src lacks blob:"),
            ({"trusted_types": "other", "require_trusted_types_for": "'script'"}, "trusted-types lacks live-cells")]:
        policy(strict(frame, **changed))
        assert said in refusal(visitor(f"{site}chapters/one.html"))
    policy(strict(frame, img_src="'self'", trusted_types="live-cells", require_trusted_types_for="'script'"))
    reader = visitor(f"{site}chapters/one.html")
    assert "has no blob: in its img-src" in reader.run("import matplotlib.pyplot as plt\nplt.plot([1]);")


def test_who_comes_back_to_a_page_finds_its_cells_at_rest(visitor, site):
    reader = visitor(f"{site}chapters/one.html")
    cell = reader.edit("print('on')\nwhile True: pass")
    cell.get_by_role("button", name="Run", exact=True).click()
    cell.get_by_text("on", exact=True).wait_for()
    # As a browser does that keeps the page while another is looked at.
    reader.page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    reader.ended()
    assert reader.status() == "stopped"
    assert reader.run("print('back')") == "back"


def test_a_page_opened_from_a_file(visitor, book):
    reader = visitor((book / "chapters" / "one.html").as_uri())
    assert "serve the book" in refusal(reader)


def test_without_javascript_the_page_is_complete(visitor, site):
    reader = visitor(f"{site}chapters/one.html", java_script_enabled=False)
    assert RENDERED in reader.page.locator("main").inner_text()
    assert "total = sum" in reader.page.locator("main").inner_text()
    assert "double(2) should be 4." in reader.page.locator("main").inner_text()


# ------------------------------------------------- the runtime from Pyodide's delivery network

def test_python_comes_from_the_network_file_by_file(visitor, site_without_runtime, with_network):
    asked = []
    reader = with_network(visitor(site_without_runtime), asked)
    assert not asked
    assert "final loss 0.246" in reader.run(name="fig-xor")
    assert {url.rpartition("/")[0] for url in asked} == CDN
    assert any("numpy" in url for url in asked) and not any("pandas" in url for url in asked)
    told = reader.run("from deepmath import (figures,\n    smoke)\nprint(smoke.OBJECTIVE)", "fig-xor")
    assert told == "29.0" and any("pandas" in url for url in asked)     # smoke imports it


@pytest.mark.parametrize("name", ["pyodide.asm.mjs", "python_stdlib.zip",
                                  "numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl"])
def test_another_file_from_the_network_is_refused(visitor, site_without_runtime, with_network, name):
    told = refusal(with_network(visitor(site_without_runtime), altered=name))
    assert name in told and ALTERED in told


def test_another_package_of_the_book_is_refused(visitor, site_without_runtime, with_network, faults):
    faults["package.js"] = "altered"
    told = refusal(with_network(visitor(site_without_runtime)))
    assert "package.js could not be loaded, or is not the file" in told
