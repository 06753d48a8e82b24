// What the gateway has counted.

import { get, told } from "./api.js";
import { facts, fill, h, nothing, table, trouble } from "./dom.js";
import { every } from "./poll.js";

const REFRESHED_EVERY = 5000;

/** The counters; they keep themselves fresh. */
export async function showCounters(page) {
  const read = () => get("counters", { signal: page.signal });
  const shown = h("div", null);
  const wrong = h("div", null);
  fill(shown, numbers(await read()));
  every(() => REFRESHED_EVERY, page.signal, async () => {
    try {
      fill(shown, numbers(await read()));
      fill(wrong);
    } catch (error) {
      if (!page.signal.aborted) fill(wrong, trouble(`These numbers may be old. ${told(error)}`));
    }
  });
  return [page.title("Counters"), wrong, shown];
}

function numbers(answer) {
  const counted = Object.entries(answer.counters ?? {}).sort(([one], [other]) => one.localeCompare(other));
  return [
    facts([["Requests that wait for a human", h("a", { href: "#/held" }, String(answer.heldPending ?? 0))]]),
    counted.length === 0 ? nothing("Nothing has been counted yet.")
      : table("Since the database was made", ["What", "Count"], counted.map(([name, count]) => [h("code", null, name), count.toLocaleString()])),
  ];
}
