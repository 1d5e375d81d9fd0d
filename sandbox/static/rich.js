// Message text with Telegram's entities as nodes. JavaScript strings count UTF-16 units, as entities do.

import { h } from "./dom.js";

const SAFE = /^(?:https?|tg|ton|mailto|tel):/i;
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };

function link(url, children) {
  if (!SAFE.test(url)) return h("span", {}, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

function reveal(event) {
  event.currentTarget.classList.add("shown");
}

function wrap(entity, raw, children, onCommand) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(SAFE.test(raw) ? raw : `https://${raw}`, children);
    case "email":
      return link(`mailto:${raw}`, children);
    case "bot_command":
      return onCommand ? h("button", { type: "button", class: "command", onclick: () => onCommand(raw) }, children) : h("span", {}, children);
    case "spoiler":
      return h("button", { type: "button", class: "spoiler", onclick: reveal, title: "Show" }, children);
    case "pre":
      return h("pre", {}, h("code", {}, children));
    case "blockquote":
    case "expandable_blockquote":
      return h("blockquote", {}, children);
    case "mention":
    case "hashtag":
    case "text_mention":
      return h("span", { class: "mention" }, children);
    default:
      return TAGS[entity.type] ? h(TAGS[entity.type], {}, children) : h("span", {}, children);
  }
}

/** Nodes of `text` between two offsets; entities inside one another nest. */
function part(text, from, to, entities, onCommand) {
  const nodes = [];
  let at = from;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    if (entity.offset < at || entity.offset >= to) continue;
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inside = entities.slice(i + 1).filter((other) => other.offset < end);
    const children = part(text, entity.offset, end, inside, onCommand);
    nodes.push(wrap(entity, text.slice(entity.offset, end), children, onCommand));
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

/** Nodes of a whole text. `onCommand` is called with a command somebody clicks. */
export function rich(text, entities, onCommand) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return part(text, 0, text.length, sorted, onCommand);
}
