// The person's side of the stand-in, over HTTP.

/** A refusal, with the server's own words as message. */
export class Refused extends Error {}

async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const data = await answer.json();
  if (!answer.ok) throw new Refused(data.message ?? `HTTP ${answer.status}`);
  return data;
}

export const api = {
  info: () => call("GET", "/sim/info"),
  people: () => call("GET", "/sim/people?limit=200"),
  person: (id) => call("GET", `/sim/people/${id}`),
  chats: () => call("GET", "/sim/chats"),
  messages: (id) => call("GET", `/sim/chats/${id}/messages`),
  create: (person) => call("POST", "/sim/people", person),
  write: (id, text) => call("POST", `/sim/people/${id}/messages`, { text }),
  sendPhotos: (id, photos, text) => call("POST", `/sim/people/${id}/messages`, { photos, text }),
  tap: (id, messageId, index) => call("POST", `/sim/people/${id}/taps`, { message_id: messageId, index }),
  block: (id, blocked) => call("POST", `/sim/people/${id}/${blocked ? "block" : "unblock"}`, {}),
  redeliver: (updateId) => call("POST", `/sim/updates/${updateId}/redeliver`, {}),
};
