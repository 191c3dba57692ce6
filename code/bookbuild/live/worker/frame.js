// All that stands in the frame where code runs. It makes the workers, one after the other, and hands
// each the page's port. Python compiled and the packages unpacked, with which they all begin, it makes
// once, of what the page sends; it hears nothing that a worker says.
// In the page itself it only marks that such a script runs.
//
// The page sends {script, python, packages}, blobs, the last if they are packed, and from then on null,
// with a port for a worker and without for none, or {interrupt}, a number: that signal of the worker ends.

if (location.href !== "about:srcdoc") document.currentScript.dataset.ran = "yes";
else {
  const tell = (fields) => parent.postMessage(fields, "*");
  const plain = { createScriptURL: (url) => url };
  const trusted = globalThis.trustedTypes?.createPolicy("live-cells", plain) ?? plain;
  let url;
  let begin; // what a worker begins with
  let worker;
  let signals; // of the worker: addresses that are there until the page interrupts it

  const prepared = async ({ python, packages }) => {
    const headers = { "Content-Type": "application/wasm" };
    const module = WebAssembly.compileStreaming(new Response(packages ? unzipping(python) : python, { headers }));
    const pack = packages ? await unpacked(packages) : null;
    if (pack) {
      pack.files = await Promise.all(pack.files.map(async ([path, content]) =>
        [path, path.endsWith(".so") ? await WebAssembly.compile(content) : content]));
    }
    return { module: await module, pack };
  };

  const started = async (ports) => {
    const mine = worker = new Worker(url);
    mine.onerror = (event) => {
      event.preventDefault();
      tell({ broken: event.message || "its worker could not be started" });
    };
    const all = signals = Array.from({ length: 100 }, () => URL.createObjectURL(new Blob()));
    mine.postMessage({ ...await begin, signals: all }, ports);
  };

  addEventListener("securitypolicyviolation", ({ effectiveDirective }) => tell({ refused: effectiveDirective }));
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent) return;
    if (data?.interrupt !== undefined) return URL.revokeObjectURL(signals[data.interrupt]);
    worker?.terminate();
    if (data) {
      url = trusted.createScriptURL(URL.createObjectURL(data.script));
      begin = prepared(data);
    }
    if (ports.length) started(ports).catch((error) => tell({ broken: error.message }));
  });
}
