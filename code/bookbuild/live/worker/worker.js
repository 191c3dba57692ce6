// The page's Python: one classic Web Worker with Pyodide, which runs cells, one at a time.
// Python's side is `cells.py`. This worker reaches nothing: the page fetches and checks all files.
//
// It speaks with the page through a port of its own, which no code that it runs can name.
// The page sends      {type: "load", config}, {type: "run", id, code, first, check, wheels},
//                     {type: "rehearse"} where no run waits yet,
//                     {type: "stop" | "pause" | "resume" | "step"}
// The worker answers  {type: "starting"}, {type: "ready", canPause}, {type: "failed", message},
//                     and for a run, with its id: text, figure, table, training, frame, error,
// listening (it will hear a wish) and, at the end, done; or broken, if Python itself is.

const PACKAGES = "/lib/python3.12/site-packages";
const PLACE = "https://runtime.invalid/"; // where Pyodide believes to find its files
const MEMORY_PAGES = 16384; // of 64 KiB: a run may take 1 GiB, then Python raises MemoryError

let port;
let files; // of the runtime, by name: blobs
let pyodide;
let runCell;
let rehearse;
let running;
let wish = "go"; // what the page wants of the run: "go", "stop", "pause" or "step"
let wake = () => {};
const lastWords = []; // of Python, when it breaks down

self.onmessage = ({ ports }) => {
  self.onmessage = null;
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
  files.set("pyodide-lock.json", new Blob([JSON.stringify(config.lock)]));
  try {
    limitMemory();
    tellOfEnds();
    self.fetch = fileOf;
    if (files.has("memory.bin")) await startFrom(await imageOf());
    else {
      pyodide = await start();
      for (const [name, wheel] of files) if (name.endsWith(".whl")) await unpack(wheel);
      await unpack(new Blob([decode(config.wheel)]));
      for (const [name, text] of Object.entries(config.sources)) {
        pyodide.FS.writeFile(`${PACKAGES}/${name}`, text);
      }
    }
    tell("starting");
    connect();
    sayThatThereIsNoNetwork();
    tell("ready", { canPause: canPause() });
  } catch (error) {
    tell("failed", { message: String(error?.message ?? error) });
  }
}

function start(options) {
  return loadPyodide({
    indexURL: PLACE,
    env: { HOME: "/home/reader", MPLBACKEND: "agg" },
    ...options,
  });
}

function connect() {
  const cells = pyodide.pyimport("_cells");
  cells.connect({ post: tellOfRun, turn, hold, canPause: canPause() });
  ({ run: runCell, rehearse } = cells);
  pyodide._api.on_fatal = broken;
}

// Begin with the packages, and with the memory of a Python that has imported them.
async function startFrom({ memory, packages }) {
  const length = new DataView(packages.buffer).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(packages.subarray(4, 4 + length)));
  let at = 4 + length;
  const contents = index.files.map(([name, size]) => [name, packages.subarray(at, at += size)]);
  try {
    beginWith(contents, index.libraries);
    pyodide = await start({ _loadSnapshot: memory });
    fitToBrowser(pyodide);
    // Where Python cannot wait in the middle of its work, other signatures may differ, too.
    if (!canPause()) pyodide.pyimport("_cells").rehearse();
  } catch { // a browser that differs: without the memory Python starts slowly, but it starts
    beginWith(contents, []);
    pyodide = await start();
  }
}

async function imageOf() {
  const [memory, packages] = await Promise.all(["memory.bin", "packages.bin"].map(unzipped));
  return { memory, packages };
}

async function unzipped(name) {
  const content = new Response(files.get(name).stream().pipeThrough(new DecompressionStream("gzip")));
  return new Uint8Array(await content.arrayBuffer());
}

// Only with JavaScript Promise Integration can Python wait in the middle of its work.
function canPause() {
  return "Suspending" in WebAssembly;
}

function limitMemory() {
  const Memory = WebAssembly.Memory;
  WebAssembly.Memory = function (limits) {
    return new Memory({ ...limits, maximum: Math.min(limits.maximum ?? MEMORY_PAGES, MEMORY_PAGES) });
  };
  WebAssembly.Memory.prototype = Memory.prototype;
}

// Pyodide swallows that it cannot be compiled, and a worker that code closes ends in silence.
function tellOfEnds() {
  const compile = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = (...given) => compile(...given).catch((error) => {
    tell("failed", { message: error.message });
    throw error;
  });
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
  if (!files.has(name)) throw new Error("a live cell has no network");
  const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(files.get(name), { headers: { "Content-Type": type } });
}

// The frame's policy refuses in any case; this says it to who asks in good faith.
function sayThatThereIsNoNetwork() {
  const refuse = () => { throw new Error("a live cell has no network"); };
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource"]) self[name] = refuse;
}

async function unpack(wheel) {
  pyodide.unpackArchive(await wheel.arrayBuffer(), "wheel", { extractDir: PACKAGES });
}

function decode(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

// ---- Running ---------------------------------------------------------------------------

async function run({ id, code, first, check, wheels }) {
  running = id;
  wish = "go";
  try {
    for (const wheel of wheels) await unpack(wheel);
    const status = await runCell(code, pyodide.toPy(first), check);
    tell("done", { id, status });
  } catch (error) {
    broken(error);
  }
}

// Python itself has broken down: its stack is full, or a library has done what it must not.
function broken(error) {
  const [, line] = /"your cell", line (\d+)/.exec(lastWords.slice(-100).join("\n")) ?? [];
  tell("broken", { id: running, message: String(error?.message ?? error), line: Number(line) || null });
}

// Lets messages of the page in, and tells what it wants.
async function turn() {
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
