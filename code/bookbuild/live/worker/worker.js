// The page's Python: one Web Worker with Pyodide, which runs cells, one at a time.
// Python's side is `cells.py`. This worker reaches nothing: the page fetches and checks all files.
//
// Its frame gives it Python compiled and the packages unpacked. It speaks with the page through a port of
// its own, which no code that it runs can name.
// The page sends      {type: "load", config}, {type: "run", id, code, first, check, undrawn, signal, brought},
//                     {type: "rehearse"} where no run waits yet,
//                     {type: "stop" | "pause" | "resume" | "step"}
// The worker answers  {type: "starting"}, {type: "ready", canPause, canInterrupt}, {type: "failed", message},
//                     and for a run, with its id: text, figure, table, training, frame, error,
// listening (it will hear a wish) and, at the end, done; or broken, if Python itself is; or
// lacking, if the run imports what the page has yet to bring: then the page sends it again.

const PLACE = "https://runtime.invalid/"; // where Pyodide believes to find its files
const EMPTY_ZIP = Uint8Array.of(80, 75, 5, 6, ...new Uint8Array(18));
const PAGE = 65536; // bytes
const SIGINT = 2;
const LOOK_MS = 100; // between two looks for the signal, at least,
const PART = 20; // and so many times what one takes
const MEMORY_PAGES = 16384; // a run may take 1 GiB, then Python raises MemoryError

let port;
let module; // Python, compiled
let pack; // its library and the packages, if they are packed
let signals; // of the frame: the one of a run is there until the page interrupts it
let files; // of the runtime, by name: blobs
let pyodide;
let packages; // Python's folder of them
const compiled = new Map(); // libraries in machine code, by their paths
const later = {}; // modules, and the files that bring them
let runCell;
let rehearse;
let running;
let canInterrupt = false; // can one look?
let own; // the signal of the run
let isInterruptible = false;
let lookAt = 0; // for the signal
let asked = 0;
let wish = "go"; // what the page wants of the run: "go", "stop", "pause" or "step"
let wake = () => {};
const lastWords = []; // of Python, when it breaks down
let hasTrapped = false;

const Look = self.XMLHttpRequest;
self.importScripts = refuse; // by which Pyodide tells that it need not load scripts so

self.onmessage = ({ data: begin, ports }) => {
  self.onmessage = null;
  ({ module, pack, signals } = begin);
  [port] = ports;
  port.onmessage = ({ data }) => heard(data);
};

async function heard(data) {
  if (data.type === "load") await load(data.config);
  else if (data.type === "run") await run(data);
  else if (data.type === "rehearse") rehearse();
  else {
    wish = data.type === "resume" ? "go" : data.type;
    wake();
  }
}

// ---- Loading ---------------------------------------------------------------------------

async function load(config) {
  files = new Map(Object.entries(config.files));
  Object.assign(later, config.later);
  try {
    limitMemory();
    tellOfEnds();
    self.fetch = fileOf;
    if (pack) files.set("python_stdlib.zip", new Blob([EMPTY_ZIP])); // it is in the pack
    pyodide = await loadPyodide({
      indexURL: PLACE,
      createPyodideModule: createPyodide,
      lockFileContents: config.lock,
      env: { HOME: "/home/reader", MPLBACKEND: "agg" },
      fsInit: async (FS, { sitePackages }) => {
        packages = sitePackages;
        if (pack) place(FS, pack);
      },
    });
    if (!pack) {
      for (const name of files.keys()) if (name.endsWith(".whl")) await bring(name, files.get(name));
      await bring("deepmath.whl", new Blob([decode(config.wheel)]));
      for (const [name, text] of Object.entries(config.sources)) {
        pyodide.FS.writeFile(`${packages}/${name}`, text);
      }
    }
    tell("starting");
    connect();
    sayThatThereIsNoNetwork();
    canInterrupt = isThere(signals[0]);
    tell("ready", { canPause: canPause(), canInterrupt });
  } catch (error) {
    tell("failed", { message: String(error?.message ?? error) });
  }
}

function connect() {
  const cells = pyodide.pyimport("_cells");
  const interruptible = (may) => { isInterruptible = may; };
  cells.connect({ post: tellOfRun, turn, hold, interruptible, canPause: canPause() }, pyodide.toPy(later));
  ({ run: runCell, rehearse } = cells);
  pyodide._api.on_fatal = broken;
  pyodide.setInterruptBuffer(interrupt); // without it WebKit would not even end the worker of a loop
}

// A wheel, or what `pack.cjs` has packed.
async function bring(name, blob) {
  if (name.endsWith(".bin")) place(pyodide.FS, await unpacked(blob));
  else pyodide.unpackArchive(await blob.arrayBuffer(), "wheel", { extractDir: packages });
}

// The files of a pack, in Python's library: they need no unpacking, nor compiling.
function place(FS, pack) {
  const library = packages.slice(0, packages.lastIndexOf("/"));
  const folders = new Set();
  for (const [name, content] of pack.files) {
    const path = `${library}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!folders.has(folder)) FS.mkdirTree(folder);
    folders.add(folder);
    const isCompiled = content instanceof WebAssembly.Module;
    if (isCompiled) compiled.set(path, content);
    FS.writeFile(path, isCompiled ? new Uint8Array() : content, { canOwn: true });
  }
  const { readFile } = FS; // by which a library in machine code is loaded
  FS.readFile = (path, ...rest) => compiled.get(path) ?? readFile(path, ...rest);
  for (const name of pack.later) later[name] = ["rest.bin"];
}

// Only with JavaScript Promise Integration can Python wait in the middle of its work.
function canPause() {
  return "Suspending" in WebAssembly;
}

function limitMemory() {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength / PAGE + pages > MEMORY_PAGES) throw new RangeError("the memory of a live cell is full");
    return grow.call(this, pages);
  };
}

// Pyodide would compile itself, and swallows what goes wrong; a worker that code closes ends in silence.
function tellOfEnds() {
  WebAssembly.instantiateStreaming = async (_, imports) => {
    try {
      return { module, instance: await WebAssembly.instantiate(module, imports) };
    } catch (error) {
      tell("failed", { message: error.message });
      throw error;
    }
  };
  console.log = (line) => lastWords.push(String(line)); // where Python says at which line it broke down
  self.onunhandledrejection = (event) => event.preventDefault(); // of a Python that broke down
  const close = () => broken("the code closed the worker that it ran in");
  for (const owner of [self, DedicatedWorkerGlobalScope.prototype]) {
    Object.defineProperty(owner, "close", { value: close, configurable: false, writable: false });
  }
}

// What Pyodide asks for: a file that the page has fetched and checked.
async function fileOf(resource) {
  const name = String(resource?.url ?? resource).slice(PLACE.length);
  if (name === "pyodide.asm.wasm") return new Response(); // it is compiled
  if (!files.has(name)) refuse();
  return new Response(files.get(name));
}

function refuse() {
  throw new Error("a live cell has no network");
}

// The frame's policy refuses in any case; this says it to who asks in good faith.
function sayThatThereIsNoNetwork() {
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource"]) self[name] = refuse;
}

function decode(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

// ---- Running ---------------------------------------------------------------------------

async function run({ id, code, first, check, undrawn, signal, brought }) {
  running = id;
  own = signals[signal];
  wish = "go";
  try {
    for (const [name, blob] of brought) if (blob) await bring(name, blob);
    const [status, ...lacks] = await runCell(code, pyodide.toPy(first), check, pyodide.toPy([...brought.keys()]), undrawn);
    tell(status === "lacking" ? status : "done", { id, status, lacks });
  } catch (error) {
    broken(error);
  }
}

// Python itself has broken down: its stack is full, or a library has done what it must not. Once it has met
// a trap, whatever comes after it fails for that.
function broken(error) {
  hasTrapped ||= error instanceof WebAssembly.RuntimeError;
  const [, line] = /"your cell", line (\d+)/.exec(lastWords.slice(-100).join("\n")) ?? [];
  tell("broken", { id: running, message: String(error?.message ?? error), line: Number(line) || null,
    isTrap: hasTrapped });
}

// What Python asks at each fiftieth turn of a loop, here only at some, whether it is interrupted. In the
// middle of its work nothing can be heard, but looked whether an address of the frame is still there.
const interrupt = {
  get 0() {
    if (!isInterruptible || (asked = (asked + 1) % 4) || performance.now() < lookAt) return 0;
    const start = performance.now();
    const isOver = canInterrupt && own && !isThere(own);
    lookAt = performance.now() + Math.max(LOOK_MS, PART * (performance.now() - start));
    return isOver ? SIGINT : 0;
  },
  set 0(seen) {},
};

function isThere(address) {
  try {
    const look = new Look();
    look.open("GET", address, false);
    look.send();
    return true;
  } catch {
    return false;
  }
}

// Lets messages of the page in, and tells what it wants.
async function turn() {
  lookAt = performance.now() + LOOK_MS;
  tell("listening", { id: running });
  await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); resolve(); };
    port2.postMessage(null);
  });
  return taken();
}

// Holds Python until the page wants something else than a pause.
async function hold() {
  while (wish === "pause") await new Promise((resolve) => { wake = resolve; });
  return taken();
}

// The wish; after one step the page wants a pause.
function taken() {
  const now = wish;
  if (wish === "step") wish = "pause";
  return now;
}

function tellOfRun(type, fields) {
  tell(type, { ...fields, id: running });
}

function tell(type, fields) {
  port.postMessage({ ...fields, type });
}
