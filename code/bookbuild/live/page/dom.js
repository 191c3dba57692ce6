// Elements from names, properties and children. Text is set as text, never as markup.

export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function button(label, onclick, properties = {}) {
  return element("button", { type: "button", className: "live-button", onclick, ...properties }, label);
}
