"""Code of a cell that tries every way out that a worker has, and says what came of each.

Python calls what its own worker has; a worker inside it runs JavaScript as it is written. A way
is closed where an error is raised, or where the thing is not there at all.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CODE = '''
import json
import js
from pyodide.ffi import create_proxy, to_js

PLACES = json.loads(%(places)r)
NESTED = %(nested)r
GLOBAL = js.WorkerGlobalScope.prototype
said = {}

def in_time():
    return js.Promise.new(create_proxy(
        lambda resolve, reject: js.setTimeout(reject, 5000, js.Error.new("no answer"))))

async def attempt(name, act):
    try:
        value = act()
        if hasattr(value, "then"):
            value = await js.Promise.race(to_js([value, in_time()]))
        said[name] = f"open: {str(value)[:60]}"
    except BaseException as error:
        said[name] = f"refused: {str(error).splitlines()[0][:90]}"

def of_prototype(name, address):
    return js.Reflect.apply(getattr(GLOBAL, name), js.self, to_js([address]))

def synchronously(address):
    request = js.XMLHttpRequest.new()
    request.open("GET", address, False)
    request.send()

def nested(source):
    def start(resolve, reject):
        script = js.Blob.new(to_js([source]))
        worker = js.Worker.new(js.URL.createObjectURL(script))
        worker.onmessage = lambda event: resolve(event.data)
        worker.onerror = lambda event: reject("the worker ended")
    return js.Promise.new(create_proxy(start))

for place, at in PLACES.items():
    ways = {
        "fetch": lambda: js.fetch(f"{at}fetch"),
        "fetch of the prototype": lambda: of_prototype("fetch", f"{at}prototype-fetch"),
        "importScripts": lambda: js.importScripts(f"{at}importScripts"),
        "importScripts of the prototype":
            lambda: of_prototype("importScripts", f"{at}prototype-importScripts"),
        "FontFace": lambda: js.FontFace.new("x", f"url({at}font)").load(),
        "XMLHttpRequest": lambda: synchronously(f"{at}xhr"),
        "WebSocketStream": lambda: js.WebSocketStream.new(f"{at}wss".replace("http", "ws")).opened,
        "WebTransport": lambda: js.WebTransport.new("https://127.0.0.1:1/").ready,
        "compileStreaming":
            lambda: js.WebAssembly.compileStreaming(of_prototype("fetch", f"{at}wasm")),
    }
    for name, act in ways.items():
        await attempt(f"{place}: {name}", act)
    answer = await nested(NESTED.replace("PLACE", json.dumps(at)))
    said.update({f"{place}: nested {name}": words for name, words in json.loads(answer).items()})

for name, act in {
    "IndexedDB": lambda: js.indexedDB.open("x"), "caches": lambda: js.caches.open("x"),
    "cookies": lambda: js.cookieStore.getAll(), "files": lambda: js.navigator.storage.getDirectory(),
    "service worker": lambda: js.navigator.serviceWorker.ready, "eval": lambda: js.eval("1"),
    "the page": lambda: js.parent, "its document": lambda: js.document,
    "localStorage": lambda: js.localStorage,
}.items():
    await attempt(name, act)

# What speaks for the page, by the ways that a worker has.
import _cells
forged = {"type": "failed", "message": "FORGED", "broken": "FORGED", "refused": "FORGED"}
js.self.postMessage(to_js(forged, dict_converter=js.Object.fromEntries))
for kind in ("failed", "unavailable", "loading", "ready", "unheard of"):
    _cells.post(kind, message="FORGED", words="FORGED", id=1)
print(json.dumps(said))
'''

NESTED = r'''
const at = PLACE;
const ends = (thing) => new Promise((resolve, reject) => { thing.onopen = resolve; thing.onerror = () => reject("error"); });
const inTime = () => new Promise((resolve, reject) => { setTimeout(() => reject("no answer"), 5000); });
const worker = (text, options) => new Worker(URL.createObjectURL(new Blob([text])), options);
const tries = {
  "import()": () => import(at + "import"),
  "import() through data": () => import("data:text/javascript,import '" + at + "data-import'"),
  fetch: () => fetch(at + "nested-fetch", { mode: "no-cors", keepalive: true }),
  importScripts: () => importScripts(at + "nested-importScripts"),
  WebSocket: () => ends(new WebSocket(at.replace("http", "ws") + "nested-ws")),
  EventSource: () => ends(new EventSource(at + "nested-events")),
  "a worker": () => ends(new Worker(at + "worker")),
  "a module worker": () => ends(worker(`import ${JSON.stringify(at + "module")};`, { type: "module" })),
  "a service worker": () => navigator.serviceWorker.register(at + "sw.js"),
  sendBeacon: () => navigator.sendBeacon(at + "beacon"),
  WebRTC: () => new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:9" }] }),
  eval: () => eval("1"), Function: () => new Function("return 1")(),
  IndexedDB: () => new Promise((resolve, reject) => {
    const request = indexedDB.open("x");
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  }),
  caches: () => caches.open("x"), locks: () => navigator.locks.query(),
  files: () => navigator.storage.getDirectory(), cookies: () => cookieStore.getAll(),
};
(async () => {
  new BroadcastChannel("live").postMessage("FORGED");
  const said = {};
  for (const [name, act] of Object.entries(tries)) {
    try { said[name] = `open: ${await Promise.race([act(), inTime()])}`; } catch (error) { said[name] = `refused: ${String(error).slice(0, 90)}`; }
  }
  postMessage(JSON.stringify(said));
})();
'''


class Host(ThreadingHTTPServer):
    """Another host: it answers everything to everyone, and notes what it was asked."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append(self.path)
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Type", "text/javascript")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


def attack(places: dict[str, str]) -> str:
    """The code of a cell that tries to reach these places: names and addresses."""
    return CODE % {"places": json.dumps(places), "nested": NESTED}
