// The page: people at the left, a conversation in the middle, what happened underneath at the right.

import { api } from "./api.js";
import { Chat, showToast } from "./chat.js";
import { avatar, byId, clock, h } from "./dom.js";
import { Strip } from "./strip.js";

const NAMES = {
  uk: ["Олена", "Тарас", "Марія", "Андрій", "Софія", "Дмитро", "Ірина", "Богдан", "Наталя", "Остап", "Юлія", "Максим"],
  en: ["Anna", "James", "Grace", "Oliver", "Emma", "Leo", "Ruby", "Noah", "Clara", "Max", "Ivy", "Sam"],
};
const LATIN = { Олена: "olena", Тарас: "taras", Марія: "maria", Андрій: "andrii", Софія: "sofiia", Дмитро: "dmytro", Ірина: "iryna", Богдан: "bohdan", Наталя: "natalia", Остап: "ostap", Юлія: "yuliia", Максим: "maksym" };

const RELOAD_MS = 60;
const people = new Map();
const channels = new Map();
const unread = new Set();
let language = "uk";
let selected = null;

const trouble = (error) => showToast(error.message);
const strip = new Strip();
const chat = new Chat(byId("conversation"), { onBack: () => show("people"), onTrouble: trouble });

/** On a phone one view shows at a time. */
function show(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-current", String(tab.dataset.view === view));
}

function openChat(id, view = "chat") {
  selected = id;
  unread.delete(id);
  history.replaceState(null, "", id === null ? "#" : `#${id}`);
  strip.select(id);
  chat.open(people.get(id) ?? channels.get(id) ?? null).catch(trouble);
  drawLists();
  if (view) show(view);
}

function preview(message) {
  if (!message) return "no messages yet";
  const text = message.text.split("\n").find((line) => line.trim()) ?? (message.media ? "📎 file" : "");
  return message.from === "person" ? `You: ${text}` : text;
}

function item(entry, name, under) {
  const last = entry.last_message;
  const button = h("button", { type: "button", class: "person", "aria-current": entry.id === selected ? "true" : null, onclick: () => openChat(entry.id), dataset: { id: entry.id } },
    avatar(name, entry.id),
    h("span", { class: "person-text" },
      h("span", { class: "person-name" }, h("b", {}, name), entry.blocked ? h("span", { class: "tag" }, "blocked the bot") : null, last ? h("time", {}, clock(last.date)) : null),
      h("span", { class: "person-last" }, under)),
    unread.has(entry.id) ? h("span", { class: "badge" }, h("span", { class: "sr" }, "new messages")) : null);
  return h("li", {}, button);
}

let drawing = false;

/** Draw both lists before the next frame, however often something asks for it. */
function drawLists() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawListsNow();
  });
}

function drawListsNow() {
  const newestFirst = [...people.values()].sort((a, b) => (b.last_message?.change ?? 0) - (a.last_message?.change ?? 0) || b.id - a.id);
  byId("people").replaceChildren(...newestFirst.map((person) => item(person, [person.first_name, person.last_name].filter(Boolean).join(" "), preview(person.last_message))));
  byId("channels").replaceChildren(...[...channels.values()].map((group) => item(group, group.title, group.last_message ? preview(group.last_message) : group.type)));
  byId("channels-part").hidden = channels.size === 0;
}

async function load() {
  const [info, listed, groups] = await Promise.all([api.info(), api.people(), api.chats()]);
  chat.setBot(info);
  for (const [id, url] of [["checkout", info.checkout_url], ["mainbot", info.mainbot_url]]) {
    byId(id).hidden = !url;
    if (url) byId(id).href = url;
  }
  const began = new Set([...people.values()].filter((person) => person.started).map((person) => person.id));
  people.clear();
  listed.people.forEach((person) => people.set(person.id, { ...person, started: person.started || began.has(person.id) }));
  channels.clear();
  groups.chats.forEach((group) => channels.set(group.id, group));
  drawLists();
}

async function loadAndOpen() {
  await load();
  const wanted = selected ?? Number(location.hash.slice(1));
  const known = people.has(wanted) || channels.has(wanted);
  const first = [...people.keys()][0] ?? null;
  openChat(known ? wanted : first, null);
}

async function newPerson() {
  const used = new Set([...people.values()].map((person) => person.first_name));
  const free = NAMES[language].filter((name) => !used.has(name));
  const name = free[0] ?? `${NAMES[language][people.size % NAMES[language].length]} ${people.size + 1}`;
  const username = (LATIN[name] ?? name.toLowerCase().replace(/\W+/g, "_")).slice(0, 20);
  const made = await api.create({ first_name: name, username: `${username}_demo`, language_code: language });
  people.set(made.id, made);
  openChat(made.id);
}

function takeMessage(message) {
  const owner = people.get(message.chat_id) ?? channels.get(message.chat_id);
  if (owner && !message.deleted && message.message_id >= (owner.last_message?.message_id ?? 0)) owner.last_message = message;
  if (owner && message.from === "person" && !owner.started && owner.type === undefined) {
    people.set(owner.id, { ...owner, started: true });
    chat.update(people.get(owner.id));
  }
  if (message.from === "bot" && message.chat_id !== selected) unread.add(message.chat_id);
  chat.take(message);
  drawLists();
}

let reloading = false;
let stale = false;

/** Load people again, once for many changes in a row; a change during the loading makes it load once more. */
async function peopleChanged() {
  stale = true;
  if (reloading) return;
  reloading = true;
  try {
    while (stale) {
      await new Promise((done) => { setTimeout(done, RELOAD_MS); });
      stale = false;
      await reloadPeople();
    }
  } catch (error) {
    trouble(error);
  } finally {
    reloading = false;
  }
}

async function reloadPeople() {
  await load();
  const current = people.get(selected);
  if (current) chat.update(current);
  else if (!channels.has(selected)) openChat([...people.keys()][0] ?? null, null);
}

function setLive(on, words) {
  byId("live").classList.toggle("on", on);
  byId("live").lastElementChild.textContent = words;
}

function listen() {
  const source = new EventSource("/sim/underneath/stream");
  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  source.addEventListener("open", () => {
    setLive(true, "live");
    loadAndOpen().catch(trouble);
  });
  source.addEventListener("error", () => setLive(false, "reconnecting…"));
  on("backlog", (data) => strip.replace(data));
  on("story", (story) => strip.addStory(story));
  on("entry", (entry) => strip.addEntry(entry));
  on("message", takeMessage);
  on("answer", (answer) => chat.takeAnswer(answer));
  on("action", (action) => chat.takeAction(action));
  on("people", peopleChanged);
  on("reset", () => {
    selected = null;
    peopleChanged();
  });
}

byId("new-person").addEventListener("click", () => newPerson().catch(trouble));
byId("alert-ok").addEventListener("click", () => byId("alert").close());
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    language = button.dataset.language;
    for (const other of document.querySelectorAll("[data-language]")) other.setAttribute("aria-pressed", String(other === button));
  });
}
for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => show(tab.dataset.view));
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
show("people");
listen();
