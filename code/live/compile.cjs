// Compiles the runtime's packages, so that a page need not: node compile.cjs DIR PACKAGE...
//
// Pyodide itself, run by Node, unpacks the packages in DIR, leaves out what no cell uses (tests,
// headers, sample data), compiles the modules and writes DIR/packages.zip.

const { readFileSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join, resolve } = require("node:path");

const COMPILE = `
import compileall, zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

import numpy

SKIPPED = {"tests", "sample_data", "f2py", "_pyinstaller", "pdfcorefonts", "web_backend", "include"}
KEPT = {".pyc", ".so", ".ttf", ".json", ".mplstyle", ".svg", ""}
root = Path(numpy.__file__).parents[1]
compileall.compile_dir(root, quiet=1, legacy=True,
                       invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
with zipfile.ZipFile("/tmp/packages.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        is_kept = path.suffix in KEPT or path.name == "matplotlibrc"
        if path.is_file() and is_kept and not SKIPPED & set(name.parts) \\
                and not any(part.endswith(".dist-info") for part in name.parts):
            archive.write(path, name)
`;

async function main(folder, packages) {
  const { loadPyodide } = require(join(folder, "pyodide.js"));
  const lock = join(tmpdir(), `lock-${process.pid}.json`);
  const { info } = JSON.parse(readFileSync(join(__dirname, "runtime.json"), "utf8"));
  writeFileSync(lock, JSON.stringify({ info, packages: {} }));
  const pyodide = await loadPyodide({ indexURL: folder, lockFileURL: lock });
  for (const name of packages) {
    pyodide.unpackArchive(new Uint8Array(readFileSync(join(folder, name))).buffer, "wheel");
  }
  pyodide.runPython(COMPILE);
  writeFileSync(join(folder, "packages.zip"), pyodide.FS.readFile("/tmp/packages.zip"));
}

main(resolve(process.argv[2]) + "/", process.argv.slice(3)).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
