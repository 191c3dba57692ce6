// All that stands in the frame where code runs: it makes the worker, of the script that the page
// sends, and hands it the page's port. In the page itself it only marks that such a script runs.

if (location.href !== "about:srcdoc") document.currentScript.dataset.ran = "yes";
else addEventListener("message", ({ source, data, ports }) => {
  if (source !== parent) return;
  const tell = (fields) => parent.postMessage(fields, "*");
  addEventListener("securitypolicyviolation", ({ effectiveDirective }) => tell({ refused: effectiveDirective }));
  const plain = { createScriptURL: (url) => url };
  const trusted = globalThis.trustedTypes?.createPolicy("live-cells", plain) ?? plain;
  const worker = new Worker(trusted.createScriptURL(URL.createObjectURL(data)));
  worker.onerror = (event) => {
    event.preventDefault();
    tell({ broken: event.message || "its worker could not be started" });
  };
  worker.postMessage(null, ports);
}, { once: true });
