// Makes what pages of a book with its own runtime start from: node image.cjs RUNTIME PARTS TARGET
//
// RUNTIME holds Pyodide and the packages that runtime.json marks with "start"; PARTS holds
// deepmath.whl and the worker's modules, `_cells.py` among them. Into TARGET go
//
//   packages.bin  the packages without what no cell uses (tests, headers, sample data), compiled:
//                 the index as JSON behind its length, then the files, one after the other
//   memory.bin    the memory of a Python that has imported them all and has drawn once
//
// both compressed by gzip. A page that starts from these has nothing to unpack, compile or import.

const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { gzipSync } = require("node:zlib");
const { beginWith } = require("./boot.cjs");

const COMPILE = `
import compileall
from pathlib import Path
from py_compile import PycInvalidationMode

SKIPPED = {"tests", "sample_data", "f2py", "_pyinstaller", "pdfcorefonts", "web_backend", "include"}
KEPT = {".pyc", ".so", ".ttf", ".json", ".mplstyle", ".svg", ".gz", ""}
# These stay as they are: readers may look at their source.
OWN = {"deepmath", "_cells.py", "_checks.py", "_state.py"}

def is_kept(path):
    parts = path.relative_to(root).parts
    return path.is_file() and (parts[0] in OWN and path.suffix == ".py" or (
        (path.suffix in KEPT or path.name == "matplotlibrc") and not SKIPPED & set(parts)
        and not any(part.endswith(".dist-info") for part in parts)))

for path in root.iterdir():
    if path.is_dir() and path.name not in OWN:
        compileall.compile_dir(path, quiet=1, legacy=True,
                               invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
for path in root.glob("*.py"):
    if path.name not in OWN:
        compileall.compile_file(path, quiet=1, legacy=True,
                                invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
[str(path.relative_to(root)) for path in sorted(root.rglob("*")) if is_kept(path)]
`;

// Python notes at its start whether JavaScript can make it wait. Browsers that can are to find
// it so; here nothing waits.
function pretendPromiseIntegration() {
  WebAssembly.Suspending ??= function (call) { return call; };
  WebAssembly.promising ??= (call) => call;
}

async function main(runtime, parts, target) {
  const { files: listed, info } = JSON.parse(readFileSync(join(__dirname, "runtime.json"), "utf8"));
  const { loadPyodide } = require(join(runtime, "pyodide.js"));
  require(join(runtime, "pyodide.asm.js"));
  const lock = join(target, "lock.json");
  writeFileSync(lock, JSON.stringify({ info, packages: {} }));
  const start = (options) => loadPyodide({ indexURL: runtime, lockFileURL: lock,
    env: { HOME: "/home/reader", MPLBACKEND: "agg" }, ...options });

  // First as pages without an image start, to see what is imported in which order.
  const first = await start({});
  const root = first._api.sitePackages;
  const wheels = listed.filter((file) => file.start).map((file) => join(runtime, file.name));
  for (const wheel of [...wheels, join(parts, "deepmath.whl")]) {
    first.unpackArchive(new Uint8Array(readFileSync(wheel)).buffer, "wheel", { extractDir: root });
  }
  for (const name of readdirSync(parts).filter((each) => each.endsWith(".py"))) {
    first.FS.writeFile(`${root}/${name}`, readFileSync(join(parts, name)));
  }
  first.globals.set("root", first.runPython(`from pathlib import Path; Path("${root}")`));
  const names = first.runPython(COMPILE).toJs();
  const files = names.map((name) => [name, first.FS.readFile(`${root}/${name}`)]);
  first.runPython("import _cells; _cells.rehearse()");
  const libraries = Object.keys(first._module.LDSO.loadedLibsByName).filter((name) => name.endsWith(".so"));

  pretendPromiseIntegration();
  beginWith(files, libraries);
  const second = await start({ _makeSnapshot: true });
  second.runPython("import _cells; _cells.rehearse(); _cells.forget_files()");
  const memory = second.makeMemorySnapshot();

  writeFileSync(join(target, "memory.bin"), gzipSync(memory));
  writeFileSync(join(target, "packages.bin"), gzipSync(packed(files, libraries)));
}

function packed(files, libraries) {
  const index = Buffer.from(JSON.stringify({ libraries,
    files: files.map(([name, bytes]) => [name, bytes.length]) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  return Buffer.concat([length, index, ...files.map(([, bytes]) => bytes)]);
}

main(resolve(process.argv[2]) + "/", ...process.argv.slice(3).map((path) => resolve(path)))
  .catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
