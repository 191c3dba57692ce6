// The page's Python: one classic Web Worker that loads Pyodide, checks each file that it
// loads against its checksum, and runs cells, one at a time. Python's side is `cells.py`.
//
// The page sends      {type: "load", config}, {type: "run", id, code, first, check},
//                     {type: "rehearse"} where no run waits yet,
//                     {type: "stop" | "pause" | "resume" | "step"}
// The worker answers  {type: "loading", words, loaded, total}, {type: "ready", canPause},
//                     {type: "failed", message}, and for a run, with its id: text, figure,
//                     table, training, frame, answer, error,
// listening (it will hear a wish) and, at the end, done; or broken, if Python itself is.

const PACKAGES = "/lib/python3.12/site-packages";
const MEMORY_PAGES = 16384; // of 64 KiB: a run may take 1 GiB, then Python raises MemoryError
const fetchFile = self.fetch.bind(self);

let config;
let files; // of the runtime, by name: size and integrity
let pyodide;
let runCell;
let rehearse;
let loaded = 0;
let wish = "go"; // what the page wants of the run: "go", "stop", "pause" or "step"
let wake = () => {};

self.onmessage = async ({ data }) => {
  if (data.type === "load") await load(data.config);
  else if (data.type === "run") await run(data);
  else if (data.type === "rehearse") rehearse();
  else {
    wish = data.type === "resume" ? "go" : data.type;
    wake();
  }
};

// ---- Loading ---------------------------------------------------------------------------

async function load(given) {
  config = given;
  files = new Map(config.files.map((file) => [file.name, file]));
  try {
    limitMemory();
    const image = files.has("memory.bin") ? imageOf() : null;
    const wheels = config.files.filter((file) => file.start && file.name.endsWith(".whl"))
      .map((file) => bytesOf(file.name));
    [image, ...wheels].forEach((each) => each?.catch(() => {})); // told where they are awaited
    const parts = ["pyodide.asm.wasm", "python_stdlib.zip"].map(keepForPyodide);
    await Promise.all([...["pyodide.js", "pyodide.asm.js"].map(loadScript), ...parts]);
    self.fetch = runtimeFetch;
    if (image) pyodide = await startFrom(await image);
    else {
      pyodide = await start();
      for (const wheel of wheels) unpack(await wheel);
      unpack(decode(config.wheel));
      pyodide.FS.writeFile(`${PACKAGES}/_cells.py`, config.cells);
    }
    tell("loading", { words: "Starting Python", loaded, total: config.total });
    const cells = pyodide.pyimport("_cells");
    cells.connect({ post: tellOfRun, turn, hold, canPause: canPause() });
    ({ run: runCell, rehearse } = cells);
    closeNetwork();
    tell("ready", { canPause: canPause() });
  } catch (error) {
    tell("failed", { message: error.told ?? `Python could not be started here: ${error.message ?? error}` });
  }
}

function start(options) {
  return loadPyodide({
    indexURL: config.base,
    lockFileURL: URL.createObjectURL(new Blob([JSON.stringify(config.lock)])),
    env: { HOME: "/home/reader", MPLBACKEND: "agg" },
    ...options,
  });
}

// Begin with the packages, and with the memory of a Python that has imported them.
async function startFrom({ memory, packages }) {
  const length = new DataView(packages.buffer).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(packages.subarray(4, 4 + length)));
  let at = 4 + length;
  const contents = index.files.map(([name, size]) => [name, packages.subarray(at, at += size)]);
  try {
    beginWith(contents, index.libraries);
    const started = await start({ _loadSnapshot: memory });
    fitToBrowser(started);
    return started;
  } catch { // a browser that differs: without the memory Python starts slowly, but it starts
    beginWith(contents, []);
    return start();
  }
}

async function imageOf() {
  const [memory, packages] = await Promise.all(["memory.bin", "packages.bin"].map(unzipped));
  return { memory, packages };
}

async function unzipped(name) {
  const { body } = await verified(name);
  const content = new Response(body.pipeThrough(new DecompressionStream("gzip")));
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

// A file of the runtime, refused unless it has the checksum that the book was made with.
async function verified(name) {
  const { integrity, size } = files.get(name);
  const url = config.base + name;
  let response;
  try {
    response = await fetchFile(url, { integrity });
  } catch {
    const other = await fetchFile(url).catch(() => null);
    if (!other) throw told(`${url} could not be loaded. Is there a network?`);
    if (!other.ok) throw told(`${url} could not be loaded: the server answered ${other.status}.`);
    throw told(`${url} was refused: it is not the file that this book was made with `
      + "(its checksum differs).");
  }
  loaded += size;
  tell("loading", { words: "Loading Python", loaded, total: config.total });
  return response;
}

function told(message) {
  return Object.assign(new Error(message), { told: message });
}

function unpack(wheel) {
  pyodide.unpackArchive(wheel, "wheel", { extractDir: PACKAGES });
}

async function bytesOf(name) {
  return (await verified(name)).arrayBuffer();
}

async function loadScript(name) {
  const script = new Blob([await bytesOf(name)], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  importScripts(url);
  URL.revokeObjectURL(url);
}

// What Pyodide itself fetches is verified before it starts, as it does not tell of failures.
const kept = new Map();

async function keepForPyodide(name) {
  kept.set(config.base + name, await verified(name));
}

async function runtimeFetch(resource, options) {
  const url = String(resource?.url ?? resource);
  if (url.startsWith("blob:")) return fetchFile(resource, options);
  if (!kept.has(url)) throw told(`${url} is no part of the runtime.`);
  const response = kept.get(url);
  return response.bodyUsed ? verified(url.slice(config.base.length)) : response;
}

function closeNetwork() {
  const refuse = () => { throw new Error("a live cell has no network"); };
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "importScripts",
    "Worker", "indexedDB", "caches", "BroadcastChannel", "WebTransport"]) {
    Object.defineProperty(self, name, { value: refuse, configurable: false, writable: false });
  }
}

function decode(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer;
}

// ---- Running ---------------------------------------------------------------------------

let running;

async function run({ id, code, first, check }) {
  running = id;
  wish = "go";
  try {
    await loadImported([...first, code, check].join("\n"));
    const status = await runCell(code, pyodide.toPy(first), check);
    tell("done", { id, status });
  } catch (error) {
    // Python itself has broken down: out of memory, or too deep a recursion.
    tell("broken", { id, message: error.told ?? String(error.message ?? error).split("\n", 1)[0] });
  }
}

// Packages that are not loaded from the start, such as pandas, when code imports them.
async function loadImported(code) {
  const imports = new Set([...code.matchAll(/^\s*(?:import|from)\s+(\w+)/gm)].map((match) => match[1]));
  for (const file of config.files) {
    if (!file.start && !file.there && file.imports?.some((name) => imports.has(name))) {
      const wanted = config.files.filter((each) => file.needs.includes(each.name) && !each.there);
      for (const each of [...wanted, file]) {
        unpack(await bytesOf(each.name));
        each.there = true;
      }
    }
  }
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
  tell(type, { id: running, ...fields });
}

function tell(type, fields) {
  self.postMessage({ type, ...fields });
}
