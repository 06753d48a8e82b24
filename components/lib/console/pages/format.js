// Times and numbers as people read them.

import { badge, h } from "./dom.js";

/** A time in the reader's zone; the exact one is in the element. */
export function time(text) {
  if (!text) return null;
  const at = new Date(text);
  const shown = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: text, title: text }, shown);
}

/** How long it is until a time: `in 5 min`, `3 h ago`. */
export function distance(text, now = Date.now()) {
  const seconds = Math.round((new Date(text).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] = size < 90 ? [size, "s"]
    : size < 5400 ? [Math.round(size / 60), "min"]
    : size < 172800 ? [Math.round(size / 3600), "h"]
    : [Math.round(size / 86400), "days"];
  return seconds >= 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** A score between 0 and 1, as a number and as a bar. */
export function score(value) {
  if (typeof value !== "number") return null;
  return h("span", { class: "score" },
    h("span", { class: "number" }, value.toFixed(2)),
    h("span", { class: "bar", "aria-hidden": "true" }, h("meter", { min: 0, max: 1, value })));
}

/** A count of bytes. */
export function bytes(count) {
  return `${count.toLocaleString()} ${count === 1 ? "byte" : "bytes"}`;
}

const KINDS = {
  Pending: "wait", Approved: "wait", Releasing: "wait", Released: "good", Denied: "bad", Expired: "dull",
  Uncertain: "bad", Active: "good", Quarantined: "bad", Revoked: "bad", Allow: "good", Deny: "bad",
  Hitl: "wait", Refused: "bad", Undecided: "wait", Broken: "bad", Retired: "dull",
};

/** A state or an outcome as a pill. */
export function state(word) {
  return word ? badge(word, KINDS[word] ?? "dull") : null;
}

const MEANINGS = {
  Pending: "Nobody has decided yet. It is not sent until enough operators approve it.",
  Approved: "Approved, and about to be sent.",
  Releasing: "It is being sent now.",
  Released: "It was sent once; the agent can fetch what the upstream answered.",
  Denied: "It was not sent and never will be.",
  Expired: "Nobody decided in time. It was not sent and never will be.",
  Uncertain: "It may or may not have reached the upstream. It is not sent again: look there, then settle it.",
};

/** What a state of a held request means. */
export function meaning(status) {
  return MEANINGS[status] ?? "";
}
