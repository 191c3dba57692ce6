// Where code runs: a worker in a frame of its own. The frame's sandbox gives it an origin that is
// nobody else's, so no cookie, storage or page is in reach; its policy lets it fetch nothing.

import { element } from "./dom.js";
import { lacking } from "./host.js";
import { trusted } from "./trusted.js";

export class Sandbox {
  // `markup` is the frame's, `script` the worker's, a blob; `heard(data)` gets what the worker
  // says through its port, `broken(message)` what the frame says of its end.
  constructor(markup, script, heard, broken) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }) => heard(data);
    port1.onclose = () => broken("its process ended");
    this.frame = element("iframe", { sandbox: "allow-scripts", hidden: true, title: "Python", ariaHidden: "true" });
    this.frame.srcdoc = trusted.createHTML(markup);
    this.frame.onload = () => this.frame.contentWindow?.postMessage(script, "*", [port2]);
    this.listen = ({ source, data }) => {
      if (source !== this.frame.contentWindow || !source) return;
      if (data.refused && this.isReady) return; // a run was refused something
      broken(data.refused ? lacking({ [data.refused]: ["blob:"] }) : String(data.broken));
    };
    addEventListener("message", this.listen);
    document.body.append(this.frame);
  }

  post(message) {
    this.port.postMessage(message);
  }

  end() {
    this.port.onclose = null;
    this.port.close();
    removeEventListener("message", this.listen);
    this.frame.remove();
  }
}
