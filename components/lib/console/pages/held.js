// One held request: what will run, who asks, why it waits, and what the operator decides.

import { get, part, told } from "./api.js";
import { badge, facts, fill, h, table, trouble } from "./dom.js";
import { decide } from "./decide.js";
import { bytes, distance, meaning, score, state, time } from "./format.js";
import { every } from "./poll.js";
import { address, block, dump, frame, hidden, line, quoted } from "./written.js";

/** How long until the state is looked up again, in milliseconds: while it waits, and while it is sent. */
const PATIENT = 5000;
const IMPATIENT = 1000;
const SETTLED = ["Released", "Denied", "Expired"];

/** One held request. What was asked for never changes; its state is looked up again. */
export async function showHeld(page) {
  const read = () => get(`hitls/${part(page.one)}`, { signal: page.signal });
  let held = await read();
  const request = describe(held);
  const status = h("div", { class: "status" });
  const decision = h("section", { class: "decision", "aria-labelledby": "decision" });
  const wrong = h("div", null);
  let last = "";
  const put = () => {
    const fresh = JSON.stringify([held.status, held.approvals, held.decidedBy, held.comment, held.needed, held.integrity, held.agent]);
    if (fresh === last) return;
    if (last !== "") page.announce(`This request is now ${held.status}.`);
    last = fresh;
    fill(status, statusOf(held));
    decide(decision, held, request, { refresh, page });
  };
  const refresh = async () => {
    const now = await read();
    if (page.signal.aborted) return;
    // What is shown is what was there first: nothing else is approved on this page.
    held = now.digest === held.digest ? now : { ...held, integrity: "another request has come into its place" };
    fill(wrong);
    put();
  };
  put();
  every(() => (held.status === "Pending" ? PATIENT : IMPATIENT), page.signal, async () => {
    if (SETTLED.includes(held.status)) return;
    await refresh().catch((error) => {
      if (!page.signal.aborted) fill(wrong, trouble(`This page may be old. ${told(error)}`));
    });
  });
  return [
    h("p", null, h("a", { href: "#/held" }, "All held requests")),
    page.title("Held request"),
    wrong, status,
    section("What will run", request.element),
    section("Who asks", agent(held)),
    section("Why it waits", why(held)),
    decision,
  ];
}

function section(title, ...content) {
  return h("section", null, h("h2", null, title), content);
}

function statusOf(held) {
  const intact = held.integrity === undefined || held.integrity === "intact";
  const waits = held.status === "Pending" || held.status === "Approved";
  const approvals = held.approvals ?? [];
  return [
    h("p", { class: "state" }, state(held.status), " ", meaning(held.status)),
    intact ? null : trouble(`Not as it was held: ${held.integrity}. It cannot be approved.`),
    facts([
      ["Held", time(held.createdAt)],
      ["Expires", waits ? [time(held.expiresAt), ` (${distance(held.expiresAt)})`] : null],
      ["Approvals", `${approvals.filter((one) => one.valid !== false).length} of ${held.needed ?? 1} needed`],
      ["Decided by", held.decidedBy && [h("bdi", null, held.decidedBy), held.decidedAt && [", ", time(held.decidedAt)]]],
      // The gateway's own comments may quote a request.
      ["Comment", held.comment && h("span", { class: "note" }, quoted(held.comment))],
    ]),
    approvals.length > 0 && table("Approvals", ["Operator", "When", "Comment"], approvals.map((one) => [
      [h("bdi", null, one.operator), one.valid === false ? [" ", badge("does not count: its seal is wrong, or its operator is none any more", "bad")] : null],
      time(one.approvedAt), one.comment ? inlineNote(one.comment) : null,
    ])),
  ];
}

/** What an operator wrote. */
function inlineNote(text) {
  return h("bdi", { class: "note" }, text);
}

/** The request as it would be sent; `all()` says whether all of its body is on the page. */
function describe(held) {
  const request = held.request;
  const digest = facts([["Digest (SHA-256)", h("code", { class: "digest" }, held.digest)]]);
  if (!request) {
    const known = () => address(held.method, held.targetUrl);
    return { element: [known(), h("p", { class: "nothing" }, "The rest of it cannot be shown."), digest], what: known, all: () => false, size: null };
  }
  const what = () => address(request.method, request.url);
  const body = request.body ?? { kind: "none" };
  const shown = bodyOf(body);
  const size = body.kind === "none" ? "no body" : `${bytes(body.bytes)} of ${body.kind === "hex" ? "binary data" : "text"}`;
  const element = [
    what(),
    h("h3", null, "Headers"),
    headers(request.headers ?? []),
    h("h3", null, "Body"),
    h("p", null, `${size.charAt(0).toUpperCase()}${size.slice(1)}.`),
    shown && frame("Body", shown.element),
    body.sha256 && facts([["Body's SHA-256", h("code", { class: "digest" }, body.sha256)]]),
    h("h3", null, "All of it"),
    digest,
  ];
  return { element, what, all: () => shown === null || shown.all(), size };
}

function bodyOf(body) {
  if (body.kind === "text") return block("the body", body.segments);
  if (body.kind === "hex") return dump("the body", body.hex);
  return null;
}

function headers(list) {
  if (list.length === 0) return h("p", { class: "nothing" }, "None.");
  const masked = list.filter((header) => header.masked).length;
  const rows = list.map((header) => h("div", { class: "header" },
    h("dt", null, line(header.name)),
    h("dd", null, header.masked ? hidden(header) : [line(header.value), header.hex && [" ", badge(`no text; in hexadecimal ${header.hex}`, "dull")]])));
  const note = masked > 0 && h("p", null, masked === 1
    ? "One value that may be secret is not shown; the digest covers it too."
    : `${masked} values that may be secret are not shown; the digest covers them too.`);
  const added = h("p", { class: "hint" }, "Vectra adds a trace, a request id and, where the agent gives none, an idempotency key.");
  return [note, frame("Headers", h("dl", { class: "headers" }, rows)), added];
}

function agent(held) {
  const known = held.agent ?? { id: held.agentId };
  return facts([
    ["Agent", h("a", { href: `#/agents/${part(known.id)}` }, h("bdi", null, known.name ?? known.id))],
    ["Id", h("code", null, known.id)],
    ["Owner", known.ownerId && h("bdi", null, known.ownerId)],
    ["Status", state(known.status)],
    ["Trust", score(known.trustScore)],
  ]);
}

function why(held) {
  const decision = held.decision ?? {};
  const risk = decision.risk ?? {};
  const factors = Object.entries(risk.factors ?? {});
  const policy = decision.policy;
  const intent = decision.intent;
  return [
    facts([
      ["Reason", held.reason && quoted(held.reason)],
      ["Decided by stage", decision.stage],
      ["Policy", policy && h("bdi", null, [policy.name ?? policy.provider, policy.revision && `, revision ${policy.revision}`].filter(Boolean).join(""))],
      ["Rule", decision.rule && h("bdi", null, decision.rule)],
      ["Meaning", intent && quoted(`${intent.label} (${intent.status} ${(intent.confidence ?? 0).toFixed(2)})`)],
      ["Risk", score(risk.score)],
    ]),
    factors.length > 0 && table("Risk factors", ["Factor", "Score"], factors.map(([name, value]) => [name, score(value)])),
  ];
}
