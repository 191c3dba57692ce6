// All that stands in the frame where code runs. It makes the workers, one after the other, and hands
// each the page's port. Python compiled and the packages unpacked, with which they all begin, it makes
// once, of what the page sends, each part as it comes; it hears nothing that a worker says.
// In the page itself it only marks that such a script runs.
//
// The page sends blobs, {python, isPacked}, {packages} if they are packed, and {script}, and from then on
// {worker}, its number, with a port for it, or null for none, or {interrupt}, a number: that signal of the
// worker ends.

if (location.href !== "about:srcdoc") document.currentScript.dataset.ran = "yes";
else {
  const tell = (fields) => parent.postMessage(fields, "*");
  const plain = { createScriptURL: (url) => url };
  const trusted = globalThis.trustedTypes?.createPolicy("live-cells", plain) ?? plain;
  let url;
  let module; // what workers begin with: promised, once the page has sent it
  let pack;
  let worker;
  let signals; // of the worker: addresses that are there until the page interrupts it

  const compiled = (python, isPacked) => WebAssembly.compileStreaming(
    new Response(isPacked ? unzipping(python) : python, { headers: { "Content-Type": "application/wasm" } }));

  const withCompiled = async ({ files, later }) => ({ later, files: await Promise.all(files.map(async ([path, content]) =>
    [path, path.endsWith(".so") ? await WebAssembly.compile(content) : content])) });

  const taken = ({ python, isPacked, packages, script }) => {
    if (python) module = compiled(python, isPacked);
    if (packages) pack = unpacked(packages).then(withCompiled);
    if (script) url = trusted.createScriptURL(URL.createObjectURL(script));
    for (const part of [module, pack]) part?.catch(() => {}); // who begins with it will tell
  };

  const started = async (number, ports) => {
    const mine = worker = new Worker(url);
    mine.onerror = (event) => {
      event.preventDefault();
      tell({ worker: number, broken: event.message || "its worker could not be started" });
    };
    const all = signals = Array.from({ length: 100 }, () => URL.createObjectURL(new Blob()));
    mine.postMessage({ module: await module, pack: await pack, signals: all }, ports);
  };

  addEventListener("securitypolicyviolation", ({ effectiveDirective }) => tell({ refused: effectiveDirective }));
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent) return;
    if (data?.interrupt !== undefined) return URL.revokeObjectURL(signals[data.interrupt]);
    if (data && !data.worker) return taken(data);
    worker?.terminate();
    if (data) started(data.worker, ports).catch(({ message }) => tell({ worker: data.worker, broken: message }));
  });
}
