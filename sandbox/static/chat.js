// One conversation: bubbles, the bot's real buttons, the line to write in.

import { api } from "./api.js";
import { avatar, byId, clock, h } from "./dom.js";
import { rich } from "./rich.js";

const SPINNER_SECONDS = 30;
const TYPING_SECONDS = 5;
const NEAR_END = 120;
const TOAST_MS = 3200;

export class Chat {
  /** `onBack` leaves the conversation on a phone. */
  constructor(root, { onBack, onTrouble }) {
    this.root = root;
    this.onBack = onBack;
    this.onTrouble = onTrouble;
    this.chat = null;
    this.bot = { first_name: "Bot", username: "" };
    this.messages = new Map();
    this.nodes = new Map();
    this.taps = new Map();
    this.drafts = new Map();
    this.lastUpdate = null;
  }

  setBot({ bot, description }) {
    Object.assign(this, { bot, description });
  }

  /** Show a conversation; `chat` is a person (private) or a channel (read only). */
  async open(chat) {
    const input = this.root.querySelector("textarea");
    if (input && this.chat) this.drafts.set(this.chat.id, input.value);
    this.chat = chat;
    this.messages.clear();
    this.nodes.clear();
    if (!chat) return this.drawWelcome();
    this.drawFrame();
    const { messages } = await api.messages(chat.id);
    if (this.chat?.id !== chat.id) return undefined;
    for (const message of messages) {
      const known = this.messages.get(message.message_id);
      if (!known || known.change < message.change) this.messages.set(message.message_id, message);
    }
    this.messages = new Map([...this.messages].sort(([a], [b]) => a - b));
    this.drawAll();
    return undefined;
  }

  /** The person's own data changed (blocked, started…). */
  update(chat) {
    if (this.chat?.id !== chat.id) return;
    const before = this.chat;
    this.chat = chat;
    if (before.blocked !== chat.blocked || before.started !== chat.started || before.deactivated !== chat.deactivated) {
      this.drawHead();
      this.drawFoot();
    }
  }

  /** A message appeared or changed somewhere. */
  take(message) {
    if (message.chat_id !== this.chat?.id) return;
    const known = this.messages.get(message.message_id);
    if (known && known.change >= message.change) return;
    if (message.deleted) this.messages.delete(message.message_id);
    else this.messages.set(message.message_id, message);
    if (message.from === "bot") this.showTyping(false);
    const follow = this.atEnd || message.from === "person";
    this.drawMessage(message, known !== undefined);
    this.drawStart();
    if (follow) this.toEnd();
  }

  /** The bot answered a tap: the spinner stops, words are shown. */
  takeAnswer(answer) {
    const tap = this.taps.get(answer.callback_query_id);
    this.taps.set(answer.callback_query_id, { ...tap, done: true });
    if (answer.chat_id !== this.chat?.id) return;
    this.redrawTap(answer.message_id);
    if (answer.text && answer.show_alert) showAlert(answer.text);
    else if (answer.text) showToast(answer.text);
    if (answer.url) window.open(answer.url, "_blank", "noopener");
  }

  takeAction({ chat_id: chatId }) {
    if (chatId === this.chat?.id) this.showTyping(true);
  }

  // drawing

  drawWelcome() {
    this.root.replaceChildren(h("div", { class: "welcome" },
      h("img", { src: "/static/icon.svg", alt: "", width: 72, height: 72 }),
      h("h2", {}, "A whole shop on this machine"),
      h("p", {}, "Make a person with one click, press Start, buy a package, pay it on the checkout page and send a link. Beside the chat you see what each tap sets in motion."),
      h("button", { type: "button", class: "solid", onclick: () => byId("new-person").click() }, "+ New person")));
  }

  drawFrame() {
    this.head = h("header", { class: "chat-head" });
    this.list = h("ol", { class: "messages" });
    this.scroll = h("div", { class: "scroll", tabindex: "0", role: "log", "aria-label": "Messages" }, this.list);
    this.typing = h("p", { class: "typing", hidden: true }, `${this.bot.first_name} is typing`, h("i"), h("i"), h("i"));
    this.foot = h("footer", { class: "chat-foot" });
    this.keepAtEnd();
    this.root.replaceChildren(this.head, this.scroll, this.typing, this.foot);
    this.drawHead();
    this.drawFoot();
  }

  get isPerson() {
    return this.chat?.type === undefined;
  }

  drawHead() {
    const { chat } = this;
    const title = this.isPerson ? [chat.first_name, chat.last_name].filter(Boolean).join(" ") : chat.title;
    const state = chat.deactivated ? "account deleted" : chat.blocked ? "has blocked the bot" : `talks with @${this.bot.username}`;
    const under = this.isPerson ? `${state} · id ${chat.id}${chat.language_code ? ` · ${chat.language_code}` : ""}` : `${chat.type} · what the bot posts here`;
    this.head.replaceChildren(
      h("button", { type: "button", class: "icon back", onclick: this.onBack, "aria-label": "Back to people" }, "‹"),
      avatar(title, chat.id),
      h("div", { class: "chat-title" }, h("h2", {}, title), h("p", {}, under)),
      this.isPerson ? this.actions() : "");
  }

  actions() {
    const { chat } = this;
    const run = (work) => (event) => {
      event.currentTarget.closest("details").open = false;
      this.attempt(work);
    };
    return h("details", { class: "menu" },
      h("summary", { class: "icon", "aria-label": "More actions" }, "⋮"),
      h("div", { class: "menu-items" },
        h("button", { type: "button", onclick: run(() => this.send("/start")), disabled: chat.blocked }, "▶️ Send /start"),
        h("button", { type: "button", onclick: run(() => this.redeliver()), title: "Telegram may deliver an update twice; a good bot does its work once" }, "🔁 Deliver the last update again"),
        h("button", { type: "button", class: "danger", onclick: run(() => this.block(!chat.blocked)) }, chat.blocked ? "🔓 Unblock the bot" : "🚫 Block the bot")));
  }

  drawFoot() {
    const { chat } = this;
    if (!this.isPerson) return this.foot.replaceChildren(h("p", { class: "note" }, "Nobody writes here but the bot."));
    if (chat.deactivated) return this.foot.replaceChildren(h("p", { class: "note" }, "This account is deleted."));
    if (chat.blocked) return this.foot.replaceChildren(h("button", { type: "button", class: "wide", onclick: () => this.attempt(() => this.block(false)) }, "Unblock the bot"));
    if (!chat.started) {
      const start = h("button", { type: "button", class: "wide", onclick: () => this.attempt(() => this.send("/start")) }, "Start");
      return this.foot.replaceChildren(start);
    }
    return this.foot.replaceChildren(this.composer());
  }

  composer() {
    const input = h("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message to the bot", maxlength: 20000 });
    input.value = this.drafts.get(this.chat.id) ?? "";
    const grow = () => {
      input.style.height = "auto";
      input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
    };
    const submit = () => {
      const text = input.value.trim();
      if (!text) return;
      input.value = "";
      grow();
      this.attempt(() => this.send(text));
    };
    input.addEventListener("input", grow);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    });
    const caption = () => {
      const text = input.value.trim();
      input.value = "";
      grow();
      return text;
    };
    return h("div", { class: "composer" }, this.commandMenu(), this.photoPicker(caption), input,
      h("button", { type: "button", class: "send", onclick: submit, "aria-label": "Send" }, "➤"));
  }

  /** One photo, or several as an album; what is written in the line goes along as the caption. */
  photoPicker(caption) {
    const pick = (event) => {
      const files = [...event.currentTarget.files];
      event.currentTarget.value = "";
      if (files.length) this.attempt(async () => this.sendPhotos(await Promise.all(files.map(base64)), caption()));
    };
    const input = h("input", { type: "file", class: "sr", accept: "image/png,image/jpeg", multiple: true, "aria-label": "Send photos", onchange: pick });
    return h("label", { class: "icon attach", title: "Send photos" }, h("span", { "aria-hidden": "true" }, "+"), input);
  }

  commandMenu() {
    const { id, commands = [] } = this.chat;
    if (!commands.length) return null;
    const pick = (command) => (event) => {
      event.currentTarget.closest("details").open = false;
      this.attempt(() => this.send(`/${command}`));
    };
    const drawn = (listed) => listed.map(({ command, description }) =>
      h("button", { type: "button", onclick: pick(command) }, h("b", {}, `/${command}`), " ", h("small", {}, description)));
    const items = h("div", { class: "menu-items" }, drawn(commands));
    // The bot may have given this chat other commands since it was opened.
    const refresh = (event) => {
      if (event.currentTarget.open) this.attempt(async () => items.replaceChildren(...drawn((await api.person(id)).commands)));
    };
    return h("details", { class: "menu up", ontoggle: refresh },
      h("summary", { class: "icon", "aria-label": "The bot's commands" }, "/"), items);
  }

  drawAll() {
    this.nodes.clear();
    this.list.replaceChildren();
    for (const message of this.messages.values()) this.drawMessage(message, false);
    this.drawStart();
    this.toEnd();
  }

  drawStart() {
    const old = this.list.querySelector(".fresh");
    if (this.messages.size) return old?.remove();
    if (old) return undefined;
    const words = this.isPerson ? (this.description || "Press Start below, as everybody does who opens a bot for the first time.") : "Nothing posted yet.";
    return this.list.append(h("li", { class: "fresh" }, avatar(this.bot.first_name, 3, true), h("h3", {}, this.isPerson ? this.bot.first_name : this.chat.title), h("p", {}, words)));
  }

  drawMessage(message, changed) {
    const old = this.nodes.get(message.message_id);
    if (message.deleted) {
      old?.remove();
      this.nodes.delete(message.message_id);
      return;
    }
    const node = this.bubble(message, changed);
    this.nodes.set(message.message_id, node);
    if (old) old.replaceWith(node);
    else this.list.append(node);
  }

  bubble(message, changed) {
    const command = this.isPerson ? (text) => this.attempt(() => this.send(text)) : null;
    const meta = h("span", { class: "meta" }, message.pinned ? "📌 " : "", message.edited ? "edited " : "", clock(message.date), message.from === "person" ? h("span", { class: "ticks", "aria-label": "sent" }, " ✓✓") : "");
    const body = h("div", { class: "bubble" }, this.medium(message.media), h("div", { class: "text" }, rich(message.text, message.entities, command), meta));
    const classes = ["message", message.from, changed ? "changed" : "", message.keyboard.length ? "with-keys" : ""].join(" ");
    return h("li", { class: classes, "aria-label": `${message.from === "bot" ? this.bot.first_name : this.chat.first_name ?? "Person"}:` }, h("div", { class: "stack" }, body, this.keyboard(message)));
  }

  medium(media) {
    if (!media) return null;
    if (media.kind === "photo") return h("img", { class: "photo", src: media.url, alt: "Photo", width: media.width, height: media.height });
    return h("a", { class: "file", href: media.url, download: media.file_name }, "📄 ", media.file_name ?? "file");
  }

  keyboard(message) {
    if (!message.keyboard.length) return null;
    return h("div", { class: "keys" }, message.keyboard.map((row) =>
      h("div", { class: "key-row" }, row.map((button) => this.key(message, button)))));
  }

  key(message, button) {
    const waits = [...this.taps.values()].some((tap) => !tap.done && tap.messageId === message.message_id && tap.index === button.index && tap.text === button.text);
    const style = button.style ? ` ${button.style}` : "";
    if (button.kind === "url") {
      return h("a", { class: `key link${style}`, href: /^(https?|tg):/i.test(button.url) ? button.url : `https://${button.url}`, target: "_blank", rel: "noopener noreferrer" }, button.text, h("span", { class: "corner", "aria-hidden": "true" }, "↗"), h("span", { class: "sr" }, " (opens a new tab)"));
    }
    const disabled = !this.isPerson || this.chat.blocked;
    const mark = waits ? h("span", { class: "corner spinner", role: "status", "aria-label": "waiting for the bot" }) : button.kind === "copy" ? h("span", { class: "corner", "aria-hidden": "true" }, "copy") : null;
    return h("button", { type: "button", class: `key${style}`, disabled, onclick: () => this.attempt(() => this.tap(message, button)) }, button.text, mark);
  }

  redrawTap(messageId) {
    const message = this.messages.get(messageId);
    const node = this.nodes.get(messageId);
    const focused = node?.contains(document.activeElement) ? [...node.querySelectorAll(".key")].indexOf(document.activeElement) : -1;
    if (message) this.drawMessage(message, false);
    if (focused >= 0) this.nodes.get(messageId)?.querySelectorAll(".key")[focused]?.focus({ preventScroll: true });
  }

  showTyping(on) {
    if (!this.typing) return;
    this.typing.hidden = !on;
    clearTimeout(this.typingTimer);
    if (on) this.typingTimer = setTimeout(() => this.showTyping(false), TYPING_SECONDS * 1000);
  }

  /** Whoever reads the end stays there when pictures load, buttons come or the typing line shows. */
  keepAtEnd() {
    this.atEnd = true;
    this.scroll.addEventListener("scroll", () => { this.atEnd = this.isNearEnd(); }, { passive: true });
    this.watcher?.disconnect();
    this.watcher = new ResizeObserver(() => this.atEnd && this.toEnd());
    this.watcher.observe(this.scroll);
    this.watcher.observe(this.list);
  }

  isNearEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END;
  }

  toEnd() {
    this.atEnd = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // acting

  async attempt(work) {
    try {
      await work();
    } catch (error) {
      this.onTrouble(error);
    }
  }

  async send(text) {
    const sent = await api.write(this.chat.id, text);
    this.lastUpdate = sent.update_id;
  }

  async sendPhotos(photos, text) {
    const sent = await api.sendPhotos(this.chat.id, photos, text);
    this.lastUpdate = sent.update_id;
  }

  async block(blocked) {
    await api.block(this.chat.id, blocked);
  }

  async redeliver() {
    if (this.lastUpdate === null) return showToast("Tap or write something first");
    await api.redeliver(this.lastUpdate);
    return showToast(`Update ${this.lastUpdate} goes out once more`);
  }

  async tap(message, button) {
    const result = await api.tap(this.chat.id, message.message_id, button.index);
    if (result.kind === "copy") {
      await navigator.clipboard?.writeText(result.value);
      return showToast("Copied");
    }
    if (result.kind !== "callback") return showToast(`A ${result.kind} button: nothing to do here`);
    this.lastUpdate = result.update_id;
    const id = result.callback_query_id;
    if (this.taps.get(id)?.done) return undefined;
    this.taps.set(id, { messageId: message.message_id, index: button.index, text: button.text, done: false });
    this.redrawTap(message.message_id);
    setTimeout(() => {
      this.taps.set(id, { ...this.taps.get(id), done: true });
      this.redrawTap(message.message_id);
    }, SPINNER_SECONDS * 1000);
    return undefined;
  }
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

/** A line that goes away by itself. */
export function showToast(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => toast.classList.remove("on"), TOAST_MS);
}

function showAlert(text) {
  byId("alert-text").textContent = text;
  const dialog = byId("alert");
  if (!dialog.open) dialog.showModal();
}
