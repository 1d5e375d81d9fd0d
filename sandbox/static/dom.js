// Building the page from nodes. Text always becomes a text node, never markup.

/** An element: `h("a", {class: "x", onclick: f, href: url}, child, ...)`. Children that are null are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A time of day such as 14:03. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** A round picture made of initials, coloured by id. */
export function avatar(name, id, big = false) {
  const letters = [...name.trim()].filter((sign) => /[\p{L}\p{N}]/u.test(sign));
  const initials = letters.length ? letters[0] : "#";
  return h("span", { class: big ? "avatar big" : "avatar", "aria-hidden": "true", dataset: { hue: Math.abs(id) % 7 } }, initials.toUpperCase());
}
