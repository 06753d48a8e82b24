// Approves, denies and settles held requests.

import { part, post } from "./api.js";
import { confirm } from "./dialog.js";
import { facts, field, fill, h } from "./dom.js";
import * as session from "./session.js";

/** Longest comment, in characters. */
const MAX_COMMENT = 2000;

/** What may be decided about a request in each state: endpoint, words, and more for the body. */
const APPROVE = { path: "approve", word: "Approve", title: "Approve this request?", sure: "Approve it", digest: true };
const DENY = { path: "deny", word: "Deny", title: "Deny this request?", sure: "Deny it", danger: true };
const SENT = { path: "settle", word: "It was sent", title: "Settle it as sent?", sure: "It was sent", more: { sent: true } };
const NOT_SENT = { path: "settle", word: "It was not sent", title: "Settle it as not sent?", sure: "It was not sent", more: { sent: false }, danger: true };
const CHOICES = { Pending: [APPROVE, DENY], Uncertain: [SENT, NOT_SENT] };

/** Fills a section with what the operator may decide; what has the focus keeps it. */
export function decide(element, held, request, around) {
  const written = element.querySelector("textarea")?.value ?? "";
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const title = h("h2", { id: "decision", tabindex: "-1" }, "Your decision");
  fill(element, title, offers(held, written, (choice, comment) => act(choice, held, request, comment, around)));
  if (!focused) return;
  const same = [...element.querySelectorAll("textarea, button")].find((one) => one.tagName === focused.tagName && one.textContent === focused.textContent);
  (same ?? title).focus();
}

function offers(held, written, chosen) {
  const choices = CHOICES[held.status] ?? [];
  if (choices.length === 0) return h("p", null, "There is nothing to decide any more.");
  if (!session.mayDecide()) return h("p", null, "Your role may look, and not decide.");
  const comment = h("textarea", { rows: "3", maxlength: MAX_COMMENT });
  comment.value = written;
  const mine = held.status === "Pending" && (held.approvals ?? []).some((one) => one.operator === session.operator().name && one.valid !== false);
  const broken = held.integrity !== undefined && held.integrity !== "intact";
  const offered = choices.filter((choice) => choice !== APPROVE || (!mine && !broken));
  return [
    mine && h("p", null, "You have approved it. It waits for somebody else."),
    field("Comment", comment, "Others read it beside your name."),
    h("p", { class: "buttons" }, offered.map((choice) => h("button", {
      type: "button", class: choice.danger ? "danger" : "primary", onclick: () => chosen(choice, comment.value.trim()),
    }, `${choice.word}…`))),
  ];
}

async function act(choice, held, request, comment, { refresh, page }) {
  const body = { ...choice.more, ...(comment !== "" && { comment }), ...(choice.digest && { digest: held.digest }) };
  const done = await confirm({
    title: choice.title,
    word: choice.sure,
    danger: choice.danger,
    about: about(choice, held, request, comment),
    act: () => post(`hitls/${part(held.id)}/${choice.path}`, body).then(() => true),
  });
  if (!done || page.signal.aborted) return;
  page.announce("Your decision is recorded.");
  // It is recorded, whatever looking again comes to.
  await refresh().catch(() => {});
  document.getElementById("decision")?.focus();
}

/** Repeats what it is about: the very request that is on the page. */
function about(choice, held, request, comment) {
  const unseen = choice.digest && !request.all();
  return h("div", null,
    request.what?.(),
    facts([
      ["Body", request.size],
      ["Digest", h("code", { class: "digest" }, held.digest)],
      ["Agent", h("bdi", null, held.agent?.name ?? held.agentId)],
      ["Your comment", comment && h("bdi", { class: "note" }, comment)],
    ]),
    unseen && h("p", { class: "trouble" }, "You have not seen the whole body: parts of it have not been shown."),
    h("p", null, choice.digest ? "Once enough operators approve it, it is sent, once. Decisions are final." : "Decisions are final."));
}
