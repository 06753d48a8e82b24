// Asks what a policy would decide about a request that is described. Nothing is recorded or sent.

import { part, post, told } from "./api.js";
import { facts, field, fill, h, table, trouble } from "./dom.js";
import { score, state } from "./format.js";
import { quoted } from "./written.js";

/** The form and the place for its answer. */
export function dryRun(policy, page) {
  const method = h("input", { value: "GET", required: true, maxlength: 32, autocomplete: "off", spellcheck: "false" });
  const url = h("input", { type: "url", value: "https://api.example/", required: true, autocomplete: "off", spellcheck: "false" });
  const headers = h("textarea", { rows: "2", spellcheck: "false" });
  const body = h("textarea", { rows: "4", spellcheck: "false" });
  const trust = h("input", { type: "number", min: 0, max: 1, step: 0.01, placeholder: "as of a new agent" });
  const answer = h("div", { class: "answer", tabindex: "-1", role: "group", "aria-label": "What would be decided" });
  const ask = async (event) => {
    event.preventDefault();
    try {
      const question = describe(method.value, url.value, headers.value, body.value, trust.value);
      fill(answer, verdict(await post(`policies/${part(policy)}/evaluate`, question, { signal: page.signal })));
    } catch (error) {
      if (page.signal.aborted) return;
      fill(answer, trouble(error instanceof Mistake ? error.message : told(error)));
    }
    answer.focus();
  };
  return h("section", { "aria-labelledby": "dry-run" },
    h("h2", { id: "dry-run" }, "Dry run"),
    h("p", null, "What would be decided about a request of an agent that is bound to this policy. Nothing is recorded or sent."),
    h("form", { class: "dry-run", onsubmit: ask },
      field("Method", method), field("Address", url), field("Trust of the agent", trust, "0 to 1"),
      field("Headers", headers, "One a line, name: value"), field("Body", body),
      h("p", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Ask"))),
    answer);
}

class Mistake extends Error {}

function describe(method, url, headers, body, trust) {
  const request = { method: method.trim(), url: url.trim() };
  const fields = {};
  for (const text of headers.split("\n").filter((text) => text.trim() !== "")) {
    const [name, ...value] = text.split(":");
    if (value.length === 0) throw new Mistake(`There is no colon in the header “${text.trim()}”.`);
    (fields[name.trim()] ??= []).push(value.join(":").trim());
  }
  if (Object.keys(fields).length > 0) request.headers = fields;
  if (body !== "") request.body = body;
  return { request, ...(trust !== "" && { agent: { trustScore: Number(trust) } }) };
}

function verdict(answer) {
  const factors = Object.entries(factorsOf(answer.risk));
  return [
    h("h3", null, "It would be: ", state(answer.outcome)),
    facts([
      ["Reason", answer.reason && quoted(answer.reason)],
      ["Decided by stage", answer.stage],
      ["Rule", answer.rule && h("bdi", null, answer.rule)],
      ["Status", answer.status && String(answer.status)],
      ["Needed to know", (answer.needs ?? []).join(", ")],
      ["Risk", score(answer.risk?.score)],
      ["Trust afterwards", score(answer.trust?.after)],
      ["Notes", [...(answer.notes ?? [])].join(" ")],
    ]),
    factors.length > 0 && table("Risk factors", ["Factor", "Score"], factors.map(([name, value]) => [name, score(value)])),
  ];
}

/** Factors by name, or a list of names and scores. */
function factorsOf(risk) {
  const factors = risk?.factors ?? {};
  return Array.isArray(factors) ? Object.fromEntries(factors.map((factor) => [factor.name, factor.score])) : factors;
}
