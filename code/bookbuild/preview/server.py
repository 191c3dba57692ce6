"""A server for the preview: on this machine only, and it tells its pages what is new.

An unpublished book is nobody else's. A page of another site that is open in the author's browser
could ask for the preview's files: browsers say so (`Sec-Fetch-Site`), and are turned away; and no
file may be used by another site's page (`Cross-Origin-Resource-Policy`), which older ones know.
"""

import html
import json
import mimetypes
import os
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

CLIENT = Path(__file__).parent / "client.js"
NOT_WORTH_A_RELOAD = {"search-index.js"}
HEARTBEAT = 15.0        # seconds
IDLE = 30.0             # seconds that a connection may be silent
CONNECTIONS = 64        # at once; a browser holds six, and one for the news of each page
GIVES_WAY = ["waits", "news", "answers"]
OWN = {None, "same-origin", "none"}     # where a request may be from: nobody says, or an own page

FIRST_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title>
<meta name="viewport" content="width=device-width"><body><main><h1>{title}</h1><p>{text}</p></main>
</body></html>"""


class Site:
    """What is served: a folder of pages, and the state that the pages are told of."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.state: dict[str, Any] = {"version": 0, "changed": [], "problems": [], "busy": "",
                      "run": str(time.time_ns())}       # of the preview: a restart counts anew
        self.news = threading.Condition()

    def show(self, folder: Path) -> None:
        """Serve another folder; pages learn which files differ."""
        before = self.folder
        changed = sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                         if path.is_file() and path.name not in NOT_WORTH_A_RELOAD
                         and not (before and same(path, before / path.relative_to(folder))))
        self.folder = folder
        if changed:
            self.tell(version=self.state["version"] + 1, changed=changed if before else [])

    def tell(self, **news) -> None:
        """Change the state, and wake those that wait for news."""
        with self.news:
            if any(self.state[name] != value for name, value in news.items()):
                self.state = {**self.state, **news}
                self.news.notify_all()

    def wait(self, known: dict | None) -> dict:
        """The state, as soon as it differs from a known one, or after a while."""
        with self.news:
            if self.state is known:
                self.news.wait(HEARTBEAT)
            return self.state


def same(first: Path, second: Path) -> bool:
    try:
        return (first.stat().st_size == second.stat().st_size
                and first.read_bytes() == second.read_bytes())
    except OSError:
        return False


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; port 0 takes any that is free.

    Of more than CONNECTIONS that are open at once the one that has waited longest gives way: first
    of those that have not asked for anything yet, then of those that hear the news, whose pages
    connect again, at last of those that do not take their answer.
    """

    daemon_threads = True
    allow_reuse_address = os.name == "posix"
    request_queue_size = 128

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.open: dict[socket.socket, str] = {}        # what each does, the longest first
        self.counting = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.counting:
            if len(self.open) >= CONNECTIONS:
                one = min(self.open, key=lambda each: GIVES_WAY.index(self.open[each]))
                del self.open[one]
                shut(one)
            self.open[request] = "waits"
        super().process_request(request, client_address)

    def does(self, request: socket.socket, what: str) -> None:
        """Note what a connection does from now on."""
        with self.counting:
            if self.open.pop(request, None):
                self.open[request] = what

    def shutdown_request(self, request: Any) -> None:
        with self.counting:
            self.open.pop(request, None)
        super().shutdown_request(request)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server_port}/"

    def handle_error(self, request, client_address) -> None:
        """A browser that went away is no error."""


def shut(connection: socket.socket) -> None:
    """End a connection, whatever its thread waits for."""
    with suppress(OSError):         # its other end may have gone
        connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """Answers for pages, for the script that is put into them, and for news."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    server: "Server"

    def handle_one_request(self) -> None:
        self.server.does(self.connection, "waits")
        super().handle_one_request()

    def parse_request(self) -> bool:
        is_whole = super().parse_request()
        self.server.does(self.connection, "answers")
        return is_whole

    def do_GET(self) -> None:
        # A page of another host that was led here by its name server is turned away.
        host, _, port = self.headers.get("Host", "").partition(":")
        if host not in ("localhost", "127.0.0.1") or (port or "80") != str(self.server.server_port):
            return self.answer_text(HTTPStatus.FORBIDDEN, "This preview is served to this machine "
                                    f"only, at {self.server.address}")
        if self.headers.get("Sec-Fetch-Site") not in OWN and not self.is_followed_link():
            return self.answer_text(HTTPStatus.FORBIDDEN, "This preview is not for other sites")
        path = unquote(urlsplit(self.path.encode("latin-1").decode("utf-8", "replace")).path)
        if path == "/_preview/news":
            return self.send_news()
        if path == "/_preview/client.js":
            return self.answer(HTTPStatus.OK, "text/javascript", CLIENT.read_bytes())
        self.send_file(path)

    do_HEAD = do_GET

    def is_followed_link(self) -> bool:
        """Does the author come here by a link? The page that has it sees nothing of ours."""
        return (self.headers.get("Sec-Fetch-Mode") == "navigate"
                and self.headers.get("Sec-Fetch-Dest") == "document")

    def send_file(self, path: str) -> None:
        folder = self.server.site.folder
        if folder is None:
            return self.answer_page(HTTPStatus.OK, FIRST_PAGE.format(
                title="The book is being rendered", text="It appears here as soon as it is ready."))
        try:
            place = (folder / path.lstrip("/")).resolve()
            place = place / "index.html" if place.is_dir() else place
            content = place.read_bytes() if place.is_relative_to(folder.resolve()) else None
        except (OSError, ValueError):       # no such file, or nothing that can be a file's name
            content = None
        if content is None:
            asked = html.escape(path if len(path) <= 200 else f"{path[:200]}...")
            return self.answer_page(HTTPStatus.NOT_FOUND, FIRST_PAGE.format(
                title="No such page", text=f"The book has no {asked}."
                ' <a href="/">Its first page</a>'))
        kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        if kind == "text/html":
            return self.answer_page(HTTPStatus.OK, content)
        self.answer(HTTPStatus.OK, kind, content)

    def send_news(self) -> None:
        """The state, and each new state, as server-sent events, until the page closes."""
        self.close_connection = True
        self.begin(HTTPStatus.OK, "text/event-stream")
        self.end_headers()
        if self.command == "HEAD":
            return
        self.server.does(self.connection, "news")
        known: dict | None = None
        try:
            while True:
                state = self.server.site.wait(known)
                line = ": still here\n\n" if state is known else f"data: {json.dumps(state)}\n\n"
                self.wfile.write(line.encode())
                self.wfile.flush()
                known = state
        except OSError:
            return

    def answer_page(self, status: HTTPStatus, page: str | bytes) -> None:
        """A page with the preview's script, which knows the state that the page shows."""
        state = self.server.site.state
        script = (f'<script src="/_preview/client.js" data-version="{state["version"]}" '
                  f'data-run="{state["run"]}"></script>\n')
        content = page.encode() if isinstance(page, str) else page
        head, end, tail = content.rpartition(b"</body>")
        self.answer(status, "text/html; charset=utf-8", head + script.encode() + end + tail)

    def answer_text(self, status: HTTPStatus, text: str) -> None:
        self.answer(status, "text/plain; charset=utf-8", text.encode())

    def answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.begin(status, kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def begin(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Content-Security-Policy", "frame-ancestors 'self'")

    def log_message(self, *_) -> None:
        """The terminal is for what the author does."""
