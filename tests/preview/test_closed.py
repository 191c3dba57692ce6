"""The preview is for its author: what other sites' pages, odd names and many connections get."""

import http.client
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from waiting import LIMIT, until

from bookbuild.preview import server as preview_server
from bookbuild.preview.server import Server, Site

SECRET = "what nobody else may read"
FILES = {
    "index.html": f"<html><body><p>{SECRET}</p></body></html>",
    "search-index.js": f'var bookSections = ["{SECRET}"];',
    "style.css": f"/* {SECRET} */ p {{ color: rgb(1, 2, 3) }}",
    "picture.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"></svg>',
    "Größe.html": "<html><body>Größe</body></html>",
}


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(LIMIT)


@pytest.fixture(scope="module")
def preview(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "large.bin").write_bytes(bytes(10_000_000))
    (folder / "latin.html").write_bytes("<html><body>caf\xe9</body></html>".encode("latin-1"))
    site = Site()
    site.show(folder)
    with serving(Server(site, 0)) as server:
        yield server


def get(server, path="/index.html", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=LIMIT)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"localhost:{server.server_port}")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read() if "event-stream" not in answer.headers["Content-Type"] else b""
    connection.close()
    return answer.status, content, answer.headers


@pytest.mark.parametrize("site, mode, dest, status", [
    ("same-origin", "no-cors", "script", 200), ("none", "navigate", "document", 200),
    ("cross-site", "navigate", "document", 200),            # a link that the author follows
    ("cross-site", "no-cors", "script", 403), ("same-site", "no-cors", "script", 403),
    ("cross-site", "cors", "empty", 403), ("same-site", "cors", "empty", 403),
    ("cross-site", "navigate", "iframe", 403), ("cross-site", "no-cors", "image", 403),
    ("cross-site", "no-cors", "style", 403), ("cross-site", "websocket", "websocket", 403),
    ("something new", "no-cors", "script", 403)])
@pytest.mark.parametrize("path", ["/index.html", "/search-index.js", "/_preview/news",
                                  "/_preview/client.js", "/missing"])
def test_a_page_of_another_site_is_turned_away(preview, path, site, mode, dest, status):
    found, content, _ = get(preview, path, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode,
                            Sec_Fetch_Dest=dest)
    assert found == (404 if (path, status) == ("/missing", 200) else status)
    assert status == 200 or SECRET.encode() not in content


@pytest.mark.parametrize("path", [*(f"/{quote(name)}" for name in FILES), "/_preview/client.js",
                                  "/_preview/news", "/missing"])
def test_no_answer_may_be_used_by_another_origin(preview, path):
    headers = get(preview, path)[2]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


PAGE = """<!doctype html><title>another site</title>
<script src="{at}search-index.js"></script><link rel="stylesheet" href="{at}style.css">
<iframe id="frame" src="{at}index.html"></iframe><img id="picture" src="{at}picture.svg"><p>text</p>
<script>
window.stolen = async () => {{
  const found = [];
  if (typeof bookSections !== "undefined") found.push("script");
  if (getComputedStyle(document.querySelector("p")).color === "rgb(1, 2, 3)") found.push("style");
  if (document.getElementById("picture").naturalWidth === 7) found.push("picture");
  for (const options of [{{}}, {{ mode: "no-cors" }}, {{ credentials: "include" }}]) {{
    const text = await fetch("{at}index.html", options).then((a) => a.text(), () => "");
    if (text.includes("nobody")) found.push("fetch");
  }}
  await import("{at}search-index.js").then(() => found.push("module"), () => 0);
  try {{ found.push(document.getElementById("frame").contentDocument.body.innerText); }}
  catch (error) {{ /* what should come */ }}
  return found.filter(Boolean);
}};
</script>"""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_site_reads_nothing_in_a_browser(preview, chromium, host):
    class Evil(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.format(at=preview.address).encode())

        def log_message(self, *_):
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Evil)) as evil:
        page = chromium.new_page()
        page.goto(f"http://{host}:{evil.server_port}/")
        assert page.evaluate("stolen()") == []
        assert all(SECRET not in frame.content() for frame in page.frames)
        page.close()
    own = chromium.new_page()
    own.goto(preview.address)
    assert SECRET in own.content()
    assert own.evaluate("fetch('search-index.js').then((a) => a.text())").count(SECRET) == 1
    own.close()


@pytest.mark.parametrize("path, status", [
    ("/" + "a" * 300, 404), ("/" + "a" * 20_000, 404), ("/" + "a/" * 3000, 404),
    ("/" + quote("Größe.html"), 200), ("/" + quote("é" * 200), 404), ("/%ff%fe", 404),
    ("/%00", 404), ("/latin.html", 200), ("/<script>", 404)])
def test_long_and_odd_names_are_answered(preview, path, status):
    found, content, _ = get(preview, path)
    assert found == status and b"<script>alert" not in content and len(content) < 5000


def test_a_name_in_raw_utf8_is_answered(preview):
    with socket.create_connection(("127.0.0.1", preview.server_port), timeout=LIMIT) as raw:
        raw.sendall(f"GET /Größe.html HTTP/1.1\r\nHost: localhost:{preview.server_port}\r\n"
                    "Connection: close\r\n\r\n".encode())
        assert raw.makefile("rb").readline().split()[1] == b"200"


def test_a_page_that_is_not_utf8_is_shown_as_it_is(preview):
    assert b"caf\xe9" in get(preview, "/latin.html")[1]


def test_head_of_the_news_ends(preview):
    assert get(preview, "/_preview/news", "HEAD")[0] == 200


@pytest.mark.parametrize("begun", [b"", b"GET /index.html HTTP/1.1\r\nX: ", "_preview/news",
                                   "large.bin"])
def test_hundreds_of_slow_connections_leave_room_for_the_author(preview, begun):
    if isinstance(begun, str):      # and its answer is not read
        begun = f"GET /{begun} HTTP/1.1\r\nHost: localhost:{preview.server_port}\r\n\r\n".encode()
    slow = []
    try:
        for _ in range(300):        # several times as many as are kept
            slow.append(socket.create_connection(("127.0.0.1", preview.server_port), LIMIT))
            slow[-1].sendall(begun)
        assert SECRET.encode() in get(preview)[1]
        assert len(preview.open) <= preview_server.CONNECTIONS
        until(lambda: threading.active_count() < 3 * preview_server.CONNECTIONS, "fewer threads")
    finally:
        for each in slow:
            each.close()
    until(lambda: not preview.open, "all have gone")
