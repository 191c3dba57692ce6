// Packs what pages of a book with its own runtime load: node pack.cjs RUNTIME PARTS TARGET
//
// RUNTIME holds Pyodide and the packages of runtime.json; PARTS holds deepmath.whl and the worker's
// modules, `_cells.py` among them. Into TARGET go, compressed by gzip,
//
//   python.bin    Pyodide's WebAssembly
//   packages.bin  the modules of Python's library and of the packages that a page imports before its
//                 first result, compiled, and the files that these read
//   rest.bin      all other modules, as they are: for a run that imports one of them
//
// The last two begin with an index as JSON behind its length, {files: [path, size] each, later: the
// names of the modules in rest.bin}; then follow the files, one after the other.

const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { gzipSync } = require("node:zlib");

const LIBRARY = "/lib/python3.14";
const TOOLS = "/tools"; // what packs, and is not packed itself

async function main(runtime, parts, target) {
  const { files, info } = JSON.parse(readFileSync(join(__dirname, "../runtime.json"), "utf8"));
  const { loadPyodide } = require(join(runtime, "pyodide.js"));
  const python = await loadPyodide({ indexURL: runtime, lockFileContents: { info, packages: {} },
    env: { HOME: "/home/reader", MPLBACKEND: "agg", PYTHONNODEBUGRANGES: "1" } });
  const unpack = (archive, format, extractDir) =>
    python.unpackArchive(new Uint8Array(readFileSync(archive)).buffer, format, { extractDir });

  unpack(join(runtime, "python_stdlib.zip"), "zip", LIBRARY);
  const packages = `${LIBRARY}/site-packages`;
  for (const { name, start, packs } of files) {
    if (start || packs) unpack(join(runtime, name), "wheel", packs ? TOOLS : packages);
  }
  unpack(join(parts, "deepmath.whl"), "wheel", packages);
  for (const name of readdirSync(parts).filter((each) => each.endsWith(".py"))) {
    python.FS.writeFile(`${packages}/${name}`, readFileSync(join(parts, name)));
  }
  python.FS.writeFile(`${TOOLS}/pack.py`, readFileSync(join(__dirname, "pack.py")));
  python.runPython(`import sys; sys.path.append("${TOOLS}"); import pack; pack.main("${LIBRARY}", "${TOOLS}")`);

  mkdirSync(target, { recursive: true });
  const write = (name, content) => writeFileSync(join(target, name), gzipSync(content, { level: 9 }));
  write("python.bin", readFileSync(join(runtime, "pyodide.asm.wasm")));
  for (const name of ["packages.bin", "rest.bin"]) write(name, python.FS.readFile(`${TOOLS}/${name}`));
}

main(resolve(process.argv[2]) + "/", ...process.argv.slice(3).map((path) => resolve(path)))
  .catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
