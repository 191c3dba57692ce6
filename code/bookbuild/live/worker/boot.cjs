// Starting Pyodide from a copy of its memory, for the worker and for `image.cjs`, which makes it.
//
// Pyodide can begin with the memory of a Python that has imported its packages already. Compiled
// libraries live beside that memory: they must be there before it comes, each at the address that
// it had. As they are placed one behind the other, it is enough to load the same ones in the same
// order before Python starts.

// Have the next `loadPyodide` begin with `files`, [path below site-packages, bytes] each, in their
// places, and with the `libraries` among them loaded.
function beginWith(files, libraries) {
  const create = globalThis._createPyodideModule;
  globalThis._createPyodideModule = (settings) => {
    globalThis._createPyodideModule = create;
    settings.preRun.unshift((Module) => { // of these the last is called first
      const { FS, API } = Module;
      for (const [name, bytes] of files) {
        const path = `${API.sitePackages}/${name}`;
        FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
        FS.writeFile(path, bytes, { canOwn: true });
      }
      for (const path of libraries) {
        Module.loadDynamicLibrary(path, { nodelete: true, fs: FS, allowUndefined: true }, {});
      }
    });
    return create(settings);
  };
}

// What Python found out about JavaScript at its start was found where the memory was made: tell
// it what is true here. It counts the arguments of C functions by a WebAssembly function that not
// all browsers understand; without it, Python cannot wait in the middle of its work.
function fitToBrowser({ _module: Module }) {
  const offset = Module.HEAP32[Module.__PyEM_EMSCRIPTEN_COUNT_ARGS_OFFSET / 4];
  Module.HEAP32[(Module.__PyRuntime + offset) / 4] = Module._PyEM_CountArgsPtr;
}

if (typeof module === "object") module.exports = { beginWith };
