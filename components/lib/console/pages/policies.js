// What agents may do, and what would be decided about a request.

import { get, part, query as asQuery } from "./api.js";
import { facts, h, nothing, table, trouble } from "./dom.js";
import { dryRun } from "./dry-run.js";
import { state } from "./format.js";
import { next } from "./paging.js";

/** What the gateway adds to a policy's own document. */
const ADDED = ["revision", "status", "source", "problem", "contentHash"];

/** The list of policies. */
export async function showPolicies(page) {
  const answer = await get(`policies${asQuery({ cursor: page.query.get("cursor") })}`, { signal: page.signal });
  return [
    page.title("Policies"),
    answer.items.length === 0 ? nothing("No policies.") : table("Policies by name", ["Name", "Status", "Default", "Rules", "Owner", "Description"],
      answer.items.map((policy) => [
        h("a", { href: `#/policies/${part(policy.name)}` }, h("bdi", null, policy.name)),
        state(policy.status),
        state(policy.default),
        policy.ruleCount === null ? null : String(policy.ruleCount),
        policy.owner && h("bdi", null, policy.owner),
        policy.description && h("bdi", null, policy.description),
      ])),
    next("policies", page.query, answer.nextCursor),
  ];
}

/** One policy and its dry run. */
export async function showPolicy(page) {
  const policy = await get(`policies/${part(page.one)}`, { signal: page.signal });
  const document = Object.fromEntries(Object.entries(policy).filter(([name]) => !ADDED.includes(name)));
  const rules = Array.isArray(policy.rules) ? policy.rules : [];
  return [
    h("p", null, h("a", { href: "#/policies" }, "All policies")),
    page.title(policy.name),
    policy.problem && trouble(`It cannot be used: ${policy.problem}`),
    facts([
      ["Status", state(policy.status)],
      ["Revision", String(policy.revision)],
      ["Comes from", policy.source],
      ["Default", state(policy.default)],
      ["Owner", policy.owner && h("bdi", null, policy.owner)],
      ["Description", policy.description && h("bdi", null, policy.description)],
      ["Content hash", policy.contentHash && h("code", { class: "digest" }, policy.contentHash)],
    ]),
    rules.length > 0 && table("Rules, the highest priority first", ["Rule", "Effect", "Priority", "Reason"],
      [...rules].sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0)).map((rule) => [
        h("bdi", null, rule.name ?? ""), state(rule.effect), rule.priority === undefined ? null : String(rule.priority), rule.reason && h("bdi", null, rule.reason),
      ])),
    h("details", null, h("summary", null, "The whole document"),
      h("pre", { class: "document", tabindex: "0", role: "group", "aria-label": "The whole document" }, JSON.stringify(document, null, 2))),
    h("p", null, h("a", { href: `#/agents${asQuery({ policyName: policy.name })}` }, "Agents that are bound to it")),
    dryRun(policy.name, page),
  ];
}
