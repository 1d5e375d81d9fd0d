// The strip "What happened underneath": stories of a tap and all it set in motion, as they happen.

import { byId, h } from "./dom.js";
import { describe, EVENTS, LANES, ms, shows } from "./events.js";

const STORIES_KEPT = 400;
const STORIES_SHOWN = 60;
const LOOSE_SHOWN = 80;
const GLOW_MS = 450;
const SOURCES = { cryptobot: "Crypto Pay reported a payment", telegram: "Telegram's webhook" };
const JOBS = {
  update_task_status: "Main Bot reported a status",
  check_health: "Somebody asked /health",
  register_bot: "The bot set itself up",
  tick_minute: "The minute's tick",
};
const BLOCKING = { kicked: "blocked the bot", member: "unblocked the bot" };

export class Strip {
  constructor() {
    this.stories = new Map();
    this.loose = [];
    this.filter = "person";
    this.chat = null;
    this.opened = new Map();
    this.drawing = false;
    this.drawn = new Map();
    this.drawFixedParts();
  }

  drawFixedParts() {
    byId("pipeline").append(...Object.entries(LANES).map(([lane, { name, icon }]) =>
      h("li", { dataset: { lane } }, h("span", { class: "node" }, icon), h("span", { class: "node-name" }, name))));
    byId("legend").append(...Object.entries(EVENTS).flatMap(([, [lane, title, meaning]]) => [
      h("dt", { dataset: { lane } }, h("i", { class: "dot" }), title),
      h("dd", {}, meaning),
    ]));
    byId("filter").addEventListener("click", (event) => {
      const wanted = event.target.closest("button")?.dataset.filter;
      if (!wanted) return;
      this.filter = wanted;
      for (const button of byId("filter").children) button.setAttribute("aria-pressed", String(button.dataset.filter === wanted));
      this.redraw();
    });
  }

  /** Whose stories "This chat" means. */
  select(chatId) {
    this.chat = chatId;
    this.redraw();
  }

  replace({ stories, entries }) {
    this.stories.clear();
    this.loose = [];
    this.drawn.clear();
    stories.forEach((story) => this.keepStory(story));
    entries.forEach((entry) => this.keepEntry(entry));
    this.redraw();
  }

  addStory(story) {
    this.keepStory(story);
    this.redraw();
  }

  addEntry(entry) {
    this.keepEntry(entry);
    this.glow(describe(entry).lane);
    this.redraw();
  }

  keepStory(story) {
    const known = this.stories.get(story.id);
    this.stories.set(story.id, { entries: [], version: 0, ...known, ...story });
    while (this.stories.size > STORIES_KEPT) {
      const oldest = this.stories.keys().next().value;
      this.stories.delete(oldest);
      this.drawn.delete(oldest);
      this.opened.delete(oldest);
    }
  }

  keepEntry(entry) {
    const story = this.stories.get(entry.story);
    if (!story) {
      this.loose.push(entry);
      if (this.loose.length > LOOSE_SHOWN) this.loose.shift();
      return;
    }
    story.entries.push(entry);
    story.entries.sort((a, b) => rank(a) - rank(b) || a.at_ms - b.at_ms || a.id - b.id);
    story.version += 1;
  }

  glow(lane) {
    const node = byId("pipeline").querySelector(`[data-lane="${lane}"]`);
    if (!node) return;
    node.classList.remove("glow");
    requestAnimationFrame(() => node.classList.add("glow"));
    clearTimeout(node.timer);
    node.timer = setTimeout(() => node.classList.remove("glow"), GLOW_MS);
  }

  isShown(story) {
    if (!story.entries.length) return false;
    const background = !story.chats.length && story.kind !== "webhook";
    if (this.filter === "background") return background;
    if (this.filter === "everyone") return !background;
    return story.chats.includes(this.chat);
  }

  redraw() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  draw() {
    const shown = [...this.stories.values()].filter((story) => this.isShown(story)).sort((a, b) => b.began_ms - a.began_ms).slice(0, STORIES_SHOWN);
    const nodes = shown.map((story, place) => this.card(story, place === 0));
    if (this.filter === "background" && this.loose.length) nodes.push(this.looseCard());
    if (!nodes.length) nodes.push(this.emptyNote());
    byId("stories").replaceChildren(...nodes);
  }

  emptyNote() {
    const words = this.filter === "background"
      ? "Nothing yet. Periodic jobs and work that no person caused show up here."
      : "Tap a button or write something: each step it causes in the system appears here, with the time it took.";
    return h("p", { class: "empty" }, words);
  }

  card(story, newest) {
    const open = this.opened.get(story.id) ?? newest;
    const mark = `${story.version}|${story.kind}|${story.title}|${story.person_id}|${open}`;
    const known = this.drawn.get(story.id);
    if (known?.mark === mark) return known.node;
    const node = this.drawCard(story, open);
    this.drawn.set(story.id, { mark, node });
    return node;
  }

  drawCard(story, open) {
    const first = story.began_ms;
    const total = Math.max(1, ...story.entries.map((entry) => entry.at_ms - first));
    const shown = story.entries.find(shows);
    const trouble = story.entries.some((entry) => ["warning", "error", "critical"].includes(entry.level));
    const chip = shown && ["tap", "message"].includes(story.kind) ? h("span", { class: "chip", title: "From the tap to the call that shows the answer" }, `answered in ${ms(Math.max(0, shown.at_ms - first))}`) : null;
    const head = h("summary", {},
      h("span", { class: "story-title" }, titleOf(story)),
      trouble ? h("span", { class: "chip warn" }, "trouble") : null, chip,
      h("time", { class: "story-time" }, new Date(first).toLocaleTimeString([], { hour12: false })));
    const card = h("details", { class: "story", open }, head, open ? this.rows(story, first, total) : null);
    head.addEventListener("click", () => {
      this.opened.set(story.id, !card.open);
      this.redraw();
    });
    return card;
  }

  rows(story, first, total) {
    return h("ol", { class: "rows" }, story.entries.map((entry) => row(entry, Math.max(0, entry.at_ms - first), total)));
  }

  looseCard() {
    const rows = [...this.loose].reverse().map((entry) => row(entry, null, 1));
    return h("details", { class: "story", open: true }, h("summary", {}, h("span", { class: "story-title" }, "Other lines of the logs")), h("ol", { class: "rows" }, rows));
  }
}

/** What a person did comes first, whatever the clocks' resolution. */
function rank(entry) {
  return entry.kind === "update_created" ? 0 : 1;
}

function row(entry, offset, total) {
  const { lane, title, detail, meaning, took } = describe(entry);
  const when = offset === null ? new Date(entry.at_ms).toLocaleTimeString([], { hour12: false }) : `+${entry.source === "telegram" ? ms(offset) : coarse(offset)}`;
  const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("i"));
  const share = (value) => `${Math.min(100, Math.max(0, (value / total) * 100))}%`;
  const isSpan = took > 0 && offset !== null;
  // A log line is written when the work is over, a wire record when it begins.
  const begin = isSpan && entry.kind !== "call" ? Math.max(0, offset - took) : offset ?? 0;
  bar.firstChild.style.left = share(begin);
  bar.firstChild.style.width = isSpan ? share(took) : "0";
  const bad = ["warning", "error", "critical"].includes(entry.level);
  return h("li", { class: bad ? "row bad" : "row", dataset: { lane }, title: meaning },
    h("span", { class: "at" }, when), bar,
    h("span", { class: "what" }, h("b", {}, h("i", { class: "dot", "aria-hidden": "true" }), title), detail ? h("span", { class: "detail" }, detail) : null),
    h("span", { class: "who" }, entry.fields.by_process ?? entry.source));
}

/** The product's logs count whole milliseconds. */
function coarse(offset) {
  return offset < 1000 ? `${Math.round(offset)} ms` : ms(offset);
}

function titleOf(story) {
  const name = story.name || "Somebody";
  const short = story.title.length > 48 ? `${story.title.slice(0, 47)}…` : story.title;
  switch (story.kind) {
    case "tap": return `${name} tapped “${short}”`;
    case "message": return short.startsWith("/") ? `${name} sent ${short}` : `${name} wrote “${short}”`;
    case "webhook": return `${SOURCES[short] ?? short.replaceAll("_", " ")}${story.person_id ? ` for ${name}` : ""}`;
    case "notice": return `The bot wrote to ${name}`;
    case "update": return BLOCKING[short] ? `${name} ${BLOCKING[short]}` : story.person_id ? `${name}: ${short.replaceAll("_", " ")}` : short;
    default: return `${JOBS[short] ?? short.replaceAll("_", " ")}${story.person_id ? ` for ${name}` : ""}`;
  }
}
