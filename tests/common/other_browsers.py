"""Firefox and WebKit as readers have them, driven by the commands of the W3C's WebDriver.

Firefox takes them through its own Marionette, WebKitGTK through its WebKitWebDriver, on a screen of
Xvfb: nothing else stands between.
"""

import json
import os
import shutil
import socket
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from waiting import LIMIT, until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"         # the standard's name of a reference
IN_SIGHT = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });"
# Until an element is where it was a frame before: what comes above it may push it away.
STILL = "const place = () => {" + IN_SIGHT + """
  return Object.values(arguments[0].getBoundingClientRect().toJSON()).join();
};
return new Promise((still) => {
  const look = (before) => requestAnimationFrame(() => {
    const now = place();
    if (now === before) still();
    else look(now);
  });
  look();
});"""
LISTEN = """window.isTouched = false;
arguments[0].addEventListener("pointerdown", () => { window.isTouched = true; }, { once: true, capture: true });"""
TOUCHED = """return new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() =>
  told(window.isTouched !== false))));"""
# The events of a finger on what is seen in the middle of an element, if that is the element.
FINGER = IN_SIGHT + """
const { left, top, width, height } = arguments[0].getBoundingClientRect();
const place = { clientX: left + width / 2, clientY: top + height / 2 };
const target = document.elementFromPoint(place.clientX, place.clientY);
if (!arguments[0].contains(target)) return false;
target.closest("[contenteditable=true], input, select")?.focus();
for (const type of ["pointerover", "pointerenter", "pointerdown", "pointerup", "pointerout", "click"]) {
  target.dispatchEvent(new PointerEvent(type, { ...place, bubbles: type !== "pointerenter", composed: true,
    cancelable: true, pointerId: 1, pointerType: "touch", isPrimary: true }));
}
return true;"""
CONTROL, ENTER = "\ue009", "\ue007"
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
MINI_BROWSER = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)


def has_webkit() -> bool:
    return bool(MINI_BROWSER and shutil.which("WebKitWebDriver") and shutil.which("Xvfb"))


class Browser:
    """A browser, with one page. `open(folder)` starts it, with all that it keeps in the folder."""

    def __init__(self, folder: Path):
        self.folder, self.started = folder, ExitStack()

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.started.close()
            raise
        return self

    def __exit__(self, *_):
        self.started.close()

    def start(self, *command, **options) -> subprocess.Popen:
        """Start a program, which ends with the browser."""
        options.setdefault("stdout", subprocess.DEVNULL)
        environment = {**os.environ, "HOME": str(self.folder), **options.pop("env", {})}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, **options)
        self.started.callback(process.wait, LIMIT)
        self.started.callback(process.terminate)
        return process

    def script(self, code: str, *arguments):
        """Run a script in the page; what it returns."""
        return self.ask("ExecuteScript", script=code, args=list(arguments))

    def evaluate(self, code: str, argument=None):
        """Call a function in the page, and wait for what it promises, as a page of Playwright's does."""
        return self.script(f"return ({code})(arguments[0]);", argument)

    def tap(self, element) -> None:
        """Touch an element, as scripts give it, with a finger; one that does not get there, since
        the browser was still drawing what it aimed at, is put down again."""
        def touch() -> bool:
            self.script(STILL, element)
            self.ask("PerformActions", actions=[{
                "type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"},
                "actions": [{"type": "pointerMove", "duration": 0, "origin": element, "x": 0, "y": 0},
                            {"type": "pointerDown", "button": 0},
                            {"type": "pointerUp", "button": 0}]}])
            return self.script(TOUCHED)
        self.script(LISTEN, element)
        until(touch, "the finger on the element")

    def type(self, keys: str) -> None:
        """Press keys where the page has its focus."""
        focus = self.ask("GetActiveElement")[ELEMENT]
        self.ask("ElementSendKeys", id=focus, text=keys)


class Firefox(Browser):

    def open(self) -> None:
        (self.folder / "user.js").write_text('user_pref("marionette.port", 0);\n')
        process = self.start(FIREFOX, "--headless", "--no-remote", "--marionette", "--profile",
                             self.folder, "about:blank")
        port = self.folder / "MarionetteActivePort"
        number = until(lambda: port.exists() and port.read_text(), "Firefox", process.poll)
        connection = self.started.enter_context(socket.create_connection(("127.0.0.1", number)))
        connection.settimeout(LIMIT)
        self.line = self.started.enter_context(connection.makefile("rwb"))
        self.receive()                      # who it is
        self.asked = 0
        self.ask("NewSession", capabilities={})

    def ask(self, name: str, **parameters):
        self.asked += 1
        message = json.dumps([0, self.asked, f"WebDriver:{name}", parameters]).encode()
        self.line.write(b"%d:%s" % (len(message), message))
        self.line.flush()
        _, _, error, result = self.receive()
        assert not error, error
        return result.get("value", result)

    def receive(self):
        size = b"".join(iter(lambda: self.line.read(1), b":"))
        return json.loads(self.line.read(int(size)))


# The commands' way through HTTP.
PLACES = {"NewSession": ("POST", ""), "Navigate": ("POST", "/url"),
          "ExecuteScript": ("POST", "/execute/sync"), "DeleteSession": ("DELETE", ""),
          "GetActiveElement": ("GET", "/element/active"),
          "ElementSendKeys": ("POST", "/element/{id}/value")}


class WebKit(Browser):

    def open(self) -> None:
        screen = self.start("Xvfb", "-displayfd", "1", "-nolisten", "tcp", stdout=subprocess.PIPE)
        self.started.callback(screen.stdout.close)
        display = f":{screen.stdout.readline().decode().strip()}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.start("WebKitWebDriver", f"--port={port}", env={
            "DISPLAY": display, "GDK_BACKEND": "x11", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1"})
        self.session = f"http://127.0.0.1:{port}/session"
        options = {"binary": str(MINI_BROWSER), "args": ["--automation"]}
        made = until(lambda: self.new_session({"webkitgtk:browserOptions": options}), "WebKit")
        self.session += f"/{made['sessionId']}"
        self.started.callback(self.ask, "DeleteSession")

    def tap(self, element) -> None:
        """The same; the driver would make a mouse of the finger, so a script makes its events."""
        assert self.script(FINGER, element), "something else lies over the element"

    def new_session(self, wanted: dict):
        with suppress(URLError):            # it does not listen yet
            return self.ask("NewSession", capabilities={"alwaysMatch": wanted})

    def ask(self, name: str, **parameters):
        method, path = PLACES[name]
        content = json.dumps(parameters).encode() if method == "POST" else None
        request = Request(self.session + path.format(**parameters), content, method=method,
                          headers={"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=LIMIT) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise AssertionError(error.read().decode()) from None
