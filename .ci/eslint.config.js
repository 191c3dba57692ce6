// How `make lint` reads our scripts: faults, not layout.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/minisearch/**", "**/node_modules/**", "**/tests/**"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "script", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-empty": ["error", { allowEmptyCatch: true }],         // storage that a browser forbids
      "no-unused-vars": ["error", { caughtErrors: "none", ignoreRestSiblings: true }],
      "array-callback-return": "error",
      "eqeqeq": "error",
      "no-constructor-return": "error",
      "no-implicit-globals": "error",
      "no-promise-executor-return": ["error", { allowVoid: true }],
      "no-self-compare": "error",
      "no-template-curly-in-string": "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  {                               // the scripts that it loads
    files: ["**/search.js"],
    languageOptions: { globals: { MiniSearch: "readonly", bookSections: "readonly" } },
  },
  {                               // modules: the live cells' page, joined to one script; the editor
    files: ["**/live/**/*.js"],
    languageOptions: { sourceType: "module", globals: { SETTINGS: "readonly" } },
  },
  {                               // what stands before the two that follow it
    files: ["**/unpacked.js"],
    rules: { "no-unused-vars": "off" },
  },
  {
    files: ["**/frame.js", "**/worker.js"],
    languageOptions: { globals: { unpacked: "readonly", unzipping: "readonly" } },
  },
  {                               // the page's Python, joined with Pyodide
    files: ["**/worker.js"],
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.worker, createPyodide: "readonly", loadPyodide: "readonly" },
    },
    rules: { "no-implicit-globals": "off" },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
  },
];
