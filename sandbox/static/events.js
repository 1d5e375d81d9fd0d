// What each kind of event is called, which part of the system it belongs to, and what it means in a few words.

export const LANES = {
  telegram: { name: "Telegram", icon: "✈️" },
  entry: { name: "Bot · Web", icon: "🚪" },
  redis: { name: "Redis queue", icon: "📬" },
  worker: { name: "Worker", icon: "👷" },
  database: { name: "PostgreSQL", icon: "🗄️" },
  outside: { name: "Crypto Pay · Main Bot", icon: "🌍" },
};

export const EVENTS = {
  update_created: ["telegram", "Person acted", "Somebody tapped or wrote; Telegram made an update of it. Times below count from here."],
  update_delivered: ["telegram", "Handed to the bot", "Telegram gave the update to the bot: as the answer to its long poll, or by webhook."],
  update_received: ["entry", "Update received", "The entry point read the update. It may only turn it into a job: it has no database."],
  webhook_received: ["entry", "Webhook received", "Another service called our web process; the signature is checked before anything else."],
  job_queued: ["redis", "Job queued", "One job was put on a Redis list. From here a worker is responsible."],
  job_started: ["worker", "Worker took it", "A worker process picked the job up from its queue."],
  transaction_committed: ["database", "SQL committed", "A PostgreSQL transaction was committed: what it did now survives any crash."],
  owed: ["database", "Written to the outbox", "What must still happen was saved in the same transaction, so that it cannot be forgotten."],
  call: ["telegram", "Telegram called", "The call as it arrived at Telegram."],
  telegram_called: ["worker", "Telegram answered", "The worker's own note about a call to Telegram."],
  crypto_pay_called: ["outside", "Crypto Pay called", "An invoice was made or looked up at the payment service."],
  main_bot_called: ["outside", "Main Bot called", "A task was handed over to the program that does the promotion, or asked about."],
  job_finished: ["worker", "Job finished", "The worker is done with the job."],
  job_postponed: ["worker", "Job postponed", "It cannot be done now; a due time was saved and no attempt was used up."],
  job_failed: ["worker", "Attempt failed", "This attempt failed; there are at most three."],
  request_finished: ["entry", "HTTP answered", "Our web process answered a request. 2xx means that Redis has the job."],
  job_parked: ["worker", "Job parked", "All attempts are used up. An admin is told and decides."],
};

const METHODS = {
  sendMessage: "New message shown",
  editMessageText: "Message edited",
  editMessageReplyMarkup: "Buttons changed",
  answerCallbackQuery: "Spinner stopped",
  deleteMessage: "Message deleted",
  sendPhoto: "Photo shown",
  sendDocument: "File shown",
  sendChatAction: "“typing…” shown",
  copyMessage: "Message copied",
};
const LANE_OF_PROCESS = { web: "entry", bot: "entry", worker: "worker", scheduler: "redis", telegram: "telegram" };
const HIDDEN = new Set(["update_id", "job_id", "telegram_id", "pid", "request_id", "key", "process", "chat_id", "ms", "attempt", "exception"]);

const join = (...parts) => parts.filter((part) => part !== undefined && part !== null && part !== false && part !== "").join(" · ");
const plain = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
const name = (text) => plain(text).replaceAll("_", " ");

function callTitle({ method, status }) {
  if (status === 200) return METHODS[method];
  return status === 0 ? "Connection cut" : "Telegram refused";
}

function callDetail(fields) {
  const text = fields.params?.text ?? fields.params?.caption;
  const first = text ? `“${text.replace(/<[^>]*>/g, "").split("\n")[0].slice(0, 60)}”` : "";
  if (fields.status !== 200) return join(fields.method, fields.error ?? `status ${fields.status}`);
  return join(fields.method, first);
}

const DETAIL = {
  update_created: (f) => (f.label ? `button “${f.label}” → ${f.data}` : f.text ? `text “${f.text}”` : [name(f.update_type), f.status].filter(Boolean).join(" · ")),
  update_delivered: (f) => join(f.to === "webhook" ? "by webhook" : "by long poll", f.delivery > 1 && `delivery no. ${f.delivery}: a duplicate`, f.error, f.to === "webhook" && f.status && `HTTP ${f.status}`),
  update_received: (f) => join(f.kind && `a ${name(f.kind)}`, `update ${f.update_id}`),
  webhook_received: (f) => join(f.source && name(f.source), f.outcome && name(f.outcome)),
  job_queued: (f) => `${f.job ?? "job"} → ${f.queue ?? "?"}`,
  job_started: (f) => join(f.job, f.attempt > 1 && `attempt ${f.attempt}`, f.waited_ms !== undefined && `waited ${ms(f.waited_ms)}`),
  transaction_committed: (f) => join(Array.isArray(f.queries) ? f.queries.join(", ") : f.queries, f.ms !== undefined && ms(f.ms)),
  owed: (f) => join(f.job, f.key),
  call: callDetail,
  telegram_called: (f) => join(f.method, f.status, f.ms !== undefined && ms(f.ms)),
  crypto_pay_called: (f) => join(f.method, f.status, f.ms !== undefined && ms(f.ms)),
  main_bot_called: (f) => join(f.name ?? f.path, f.status, f.ms !== undefined && ms(f.ms)),
  job_finished: (f) => join(f.job, f.outcome, f.ms !== undefined && ms(f.ms)),
  job_postponed: (f) => join(f.job, f.reason ?? f.error),
  job_failed: (f) => join(f.job, f.attempt && `attempt ${f.attempt}`, f.error ?? f.reason),
  request_finished: (f) => join(`${f.method} ${f.route}`, f.status, f.ms !== undefined && ms(f.ms)),
  job_parked: (f) => join(f.job, f.error ?? f.reason),
};

/** A duration for people: 0.42 ms, 12.3 ms, 480 ms, 2.1 s. */
export function ms(value) {
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  if (number >= 10000) return `${Math.round(number / 1000)} s`;
  if (number >= 1000) return `${(number / 1000).toFixed(1)} s`;
  return `${Number(number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0))} ms`;
}

/** How an entry is shown: lane, title, detail, meaning, and how long it took (ms) when known. */
export function describe(entry) {
  const fields = entry.fields;
  const known = EVENTS[entry.kind];
  const lane = known?.[0] ?? LANE_OF_PROCESS[entry.source] ?? "worker";
  const title = (entry.kind === "call" && callTitle(fields)) || known?.[1] || name(entry.kind);
  const rest = Object.entries(fields).filter(([key]) => !HIDDEN.has(key) && key !== "job" && key !== "queue");
  const detail = DETAIL[entry.kind]?.(fields) ?? rest.map(([key, value]) => `${key}=${plain(value).slice(0, 80)}`).join(" ");
  const took = Number(fields.took_ms ?? fields.ms);
  return { lane, title, detail, meaning: known?.[2] ?? `A line of the ${entry.source} log.`, took: Number.isFinite(took) ? took : 0 };
}

/** True for a call that shows something to a person. */
export function shows(entry) {
  return entry.kind === "call" && entry.fields.status === 200 && /^(send|edit|copy)/.test(entry.fields.method) && entry.fields.method !== "sendChatAction";
}
