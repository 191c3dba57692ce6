// Where code runs: a worker in a frame of its own. The frame's sandbox gives it an origin that is
// nobody else's, so no cookie, storage or page is in reach; its policy lets it fetch nothing.

import { element } from "./dom.js";
import { lacking } from "./host.js";
import { trusted } from "./trusted.js";

export class Sandbox {
  // `markup` is the frame's; `broken(message)` gets what it says of its end.
  constructor(markup, broken) {
    this.broken = broken;
    this.frame = element("iframe", { sandbox: "allow-scripts", hidden: true, title: "Python", ariaHidden: "true" });
    this.frame.srcdoc = trusted.createHTML(markup);
    this.isLoaded = new Promise((resolve) => { this.frame.onload = resolve; });
    this.begun = 0; // the number of the worker
    this.listen = ({ source, data }) => {
      if (source !== this.frame.contentWindow || !source) return;
      if (data.broken && data.worker !== this.begun) return; // it has been ended
      if (data.refused && this.isReady) return; // a run was refused something
      this.fail(data.refused ? lacking({ [data.refused]: ["blob:"] }) : String(data.broken));
    };
    addEventListener("message", this.listen);
    document.body.append(this.frame);
  }

  // Give the frame, once, what its workers are made of: `parts()` are promised.
  give(parts) {
    this.given ??= Promise.all(parts().map(async (part) => {
      const content = await part;
      await this.isLoaded;
      this.send(content);
    }));
    return this.given;
  }

  // Begin with a worker; `heard(data)` gets what it says through its port.
  start(heard) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }) => heard(data);
    port1.onclose = () => this.fail("its process ended");
    const worker = this.begun += 1;
    this.isLoaded.then(() => this.port === port1 && this.send({ worker }, [port2]));
  }

  send(content, ports = []) {
    this.frame.contentWindow?.postMessage(content, "*", ports);
  }

  post(message) {
    this.port.postMessage(message);
  }

  // End a signal of the worker: the run that looks for it is interrupted.
  interrupt(number) {
    this.send({ interrupt: number });
  }

  // End the worker; the frame stays, with what the next one begins with.
  stop() {
    if (!this.port) return;
    this.port.onclose = null;
    this.port.close();
    this.port = null;
    this.begun += 1;
    this.send(null);
  }

  fail(message) {
    this.end();
    this.broken(message);
  }

  end() {
    this.stop();
    removeEventListener("message", this.listen);
    this.frame.remove();
  }
}
