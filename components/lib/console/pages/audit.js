// What was decided, and why.

import { get, part, query as asQuery } from "./api.js";
import { facts, field, h, nothing, table } from "./dom.js";
import { bytes, score, state, time } from "./format.js";
import { names } from "./names.js";
import { filters, next } from "./paging.js";
import { address, block, inline, legend, partly, quoted } from "./written.js";

/** The list of decisions, newest first. */
export async function showAudit(page) {
  const wanted = { agentId: page.query.get("agentId"), cursor: page.query.get("cursor") };
  const answer = await get(`audit${asQuery(wanted)}`, { signal: page.signal });
  const called = await names(answer.items.map((row) => row.agentId), page.signal);
  return [
    page.title("Audit"),
    filters("audit", field("Agent id", h("input", { name: "agentId", value: wanted.agentId ?? "", autocomplete: "off", spellcheck: "false" }))),
    legend(),
    answer.items.length === 0 ? nothing("Nothing was decided.") : table("Decisions, newest first", ["When", "Outcome", "Agent", "Request", "Reason", "Risk"],
      answer.items.map((row) => [
        h("a", { href: `#/audit/${part(row.auditId)}` }, time(row.timestamp)),
        state(row.decisionType),
        h("a", { href: `#/agents/${part(row.agentId)}` }, h("bdi", null, called.get(row.agentId) ?? row.agentId)),
        [inline(row.method), " ", inline(row.targetUrl)],
        row.reason && quoted(row.reason),
        score(row.riskScore),
      ])),
    next("audit", page.query, answer.nextCursor),
  ];
}

/** One decision with its explanation. */
export async function showRecord(page) {
  const row = await get(`audit/${part(page.one)}`, { signal: page.signal });
  const why = row.explanation;
  const outcome = row.outcome;
  return [
    h("p", null, h("a", { href: "#/audit" }, "All decisions")),
    page.title("Decision"),
    h("p", { class: "state" }, state(row.decisionType), " ", time(row.timestamp)),
    address(row.method, row.targetUrl),
    facts([
      ["Agent", h("a", { href: `#/agents/${part(row.agentId)}` }, h("code", null, row.agentId))],
      ["Reason", row.reason && quoted(row.reason)],
      ["Risk", score(row.riskScore)],
      ["Answered with", outcome?.status && String(outcome.status)],
      ["Answer", outcome && `${bytes(outcome.bytes)} in ${outcome.durationMs.toLocaleString()} ms`],
      ["Failure", outcome?.failure && quoted(outcome.failure)],
      ["Audit id", h("code", null, row.auditId)],
      ["Trace id", row.traceId && inline(row.traceId)],
      ["Request id", row.requestId && inline(row.requestId)],
    ]),
    h("h2", null, "Explanation"),
    why ? explained(why) : nothing("This decision has no explanation."),
  ];
}

function explained(why) {
  const factors = Object.entries(why.risk?.factors ?? {});
  const policy = why.policy;
  const word = why.verdict;
  const intent = why.intent;
  return [
    facts([
      ["Decided by stage", why.stage],
      ["Rule", why.rule && h("bdi", null, why.rule)],
      ["Policy", policy?.name && [h("a", { href: `#/policies/${part(policy.name)}` }, h("bdi", null, policy.name)), policy.revision && `, revision ${policy.revision}`, policy.status && `, ${policy.status}`]],
      ["The policy said", word && (word.effect ? state(word.effect) : quoted(word.unusable ?? ""))],
      ["Meaning", intent && quoted(`${intent.label} (${intent.status} ${(intent.confidence ?? 0).toFixed(2)})`)],
      ["Trust before", score(why.trust?.before)],
      ["Trust after", score(why.trust?.after)],
      ["Held request's digest", why.heldSha256 && h("code", { class: "digest" }, why.heldSha256)],
      ["Decided by version", why.component?.version],
    ]),
    factors.length > 0 && table("Risk factors", ["Factor", "Score"], factors.map(([name, value]) => [name, score(value)])),
    h("details", null, h("summary", null, "The whole explanation"),
      partly("The whole explanation", block("the explanation", JSON.stringify(why, null, 2)).element)),
  ];
}
