// What waits for a human.

import { get, query as asQuery, told } from "./api.js";
import { choice, field, fill, h, nothing, trouble } from "./dom.js";
import { distance, state, time } from "./format.js";
import { names } from "./names.js";
import { filters, next } from "./paging.js";
import { every } from "./poll.js";
import { inline, legend, quoted } from "./written.js";

const REFRESHED_EVERY = 5000;
const STATUSES = ["Pending", "Approved", "Releasing", "Released", "Denied", "Expired", "Uncertain"];

/** The list of held requests, by default of those that are pending; it keeps itself fresh. */
export async function showInbox(page) {
  const status = page.query.get("status") ?? "Pending";
  const wanted = { status: status === "All" ? "" : status, agentId: page.query.get("agentId"), cursor: page.query.get("cursor") };
  const read = () => get(`hitls${asQuery(wanted)}`, { signal: page.signal });
  const list = h("div", { class: "list" });
  const state = { called: new Map(), last: "", seen: null };
  await put(list, await read(), state, page);
  const wrong = h("div", null);
  every(() => REFRESHED_EVERY, page.signal, async () => {
    try {
      const answer = await read();
      if (page.signal.aborted) return;
      fill(wrong);
      await put(list, answer, state, page);
    } catch (error) {
      if (!page.signal.aborted && wrong.childElementCount === 0) fill(wrong, trouble(`This list may be old. ${told(error)}`));
    }
  });
  return [
    page.title("Held requests"),
    filters("held",
      field("State", choice([...STATUSES, ["All", "All states"]], status, { name: "status" })),
      field("Agent id", h("input", { name: "agentId", value: wanted.agentId ?? "", autocomplete: "off", spellcheck: "false" }))),
    wrong, legend(), list,
  ];
}

/** Shows the answer if it is not what is shown already. */
async function put(list, answer, shown, page) {
  const fresh = JSON.stringify(answer);
  if (fresh === shown.last) {
    for (const until of list.querySelectorAll("[data-at]")) until.textContent = distance(until.dataset.at);
    return;
  }
  const unknown = answer.items.map((held) => held.agentId).filter((id) => !shown.called.has(id));
  for (const [id, name] of await names(unknown, page.signal)) shown.called.set(id, name);
  if (page.signal.aborted) return;
  shown.last = fresh;
  announceNew(answer.items, shown, page);
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  fill(list,
    answer.items.length === 0
      ? nothing("Nothing here.")
      : h("ul", { class: "cards", "aria-label": `${answer.items.length} held requests` }, answer.items.map((held) => card(held, shown.called))),
    next("held", page.query, answer.nextCursor));
  if (focused) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

function announceNew(items, shown, page) {
  const ids = new Set(items.map((held) => held.id));
  const fresh = shown.seen ? [...ids].filter((id) => !shown.seen.has(id)).length : 0;
  shown.seen = ids;
  if (fresh > 0) page.announce(fresh === 1 ? "One more held request." : `${fresh} more held requests.`);
}

function card(held, called) {
  const title = h("a", { href: `#/held/${held.id}` }, "Request of ", h("bdi", null, called.get(held.agentId) ?? held.agentId));
  return h("li", { class: "card" },
    h("h2", null, title, " ", state(held.status)),
    h("p", { class: "what" }, inline(held.method), " ", inline(held.targetUrl)),
    held.reason && h("p", { class: "why" }, "Held because: ", quoted(held.reason)),
    h("p", { class: "when" }, "Held ", time(held.createdAt), held.status === "Pending" && [" · expires ", soon(held.expiresAt)]));
}

function soon(at) {
  return h("span", { "data-at": at }, distance(at));
}
