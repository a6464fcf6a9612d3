// Makes elements. Text goes in as text nodes only: a camera's name is never read as markup.
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (those that are false, null or undefined are left out) and children (nodes or text). */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same, of SVG. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of the symbols of index.html. What it means must stand beside it in words. */
export function icon(name, viewBox = "0 0 24 24") {
  return drawn("svg", { viewBox, "aria-hidden": "true", class: "icon" }, drawn("use", { href: `#${name}` }));
}

/** Sets a node's text where it differs: nothing is drawn anew, or read out again, that is as it was. */
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute where it differs. */
export function mark(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
