// Who may call, and how far they are trusted.

import { get, part, query as asQuery } from "./api.js";
import { choice, facts, field, h, nothing, table } from "./dom.js";
import { score, state, time } from "./format.js";
import { filters, next } from "./paging.js";

const STATUSES = [["", "All but deleted"], "Active", "Quarantined", "Revoked", "Deleted"];

/** The list of agents. */
export async function showAgents(page) {
  const wanted = { status: page.query.get("status"), name: page.query.get("name"), policyName: page.query.get("policyName"), cursor: page.query.get("cursor") };
  const answer = await get(`agents${asQuery(wanted)}`, { signal: page.signal });
  return [
    page.title("Agents"),
    filters("agents",
      field("Status", choice(STATUSES, wanted.status ?? "", { name: "status" })),
      field("Name", h("input", { name: "name", value: wanted.name ?? "", autocomplete: "off" })),
      field("Policy", h("input", { name: "policyName", value: wanted.policyName ?? "", autocomplete: "off" }))),
    answer.items.length === 0 ? nothing("No agents.") : table("Agents by name", ["Name", "Status", "Trust", "Policy", "Owner", "Changed"],
      answer.items.map((agent) => [
        h("a", { href: `#/agents/${part(agent.agentId)}` }, h("bdi", null, agent.name)),
        state(agent.status),
        score(agent.trustScore),
        policyLink(agent.policyName),
        agent.ownerId && h("bdi", null, agent.ownerId),
        time(agent.updatedAt ?? agent.createdAt),
      ])),
    next("agents", page.query, answer.nextCursor),
  ];
}

/** One agent. */
export async function showAgent(page) {
  const agent = await get(`agents/${part(page.one)}`, { signal: page.signal });
  const of = asQuery({ agentId: agent.agentId });
  return [
    h("p", null, h("a", { href: "#/agents" }, "All agents")),
    page.title(agent.name),
    facts([
      ["Status", state(agent.status)],
      ["Trust", score(agent.trustScore)],
      ["Id", h("code", null, agent.agentId)],
      ["Owner", agent.ownerId && h("bdi", null, agent.ownerId)],
      ["Policy", policyLink(agent.policyName) ?? "none"],
      ["Requests a minute", agent.requestsPerMinute === null ? "as configured" : String(agent.requestsPerMinute ?? "")],
      ["Former secret works until", time(agent.formerSecretUntil)],
      ["Tokens count if issued after", time(agent.tokensNotBefore)],
      ["Registered", time(agent.createdAt)],
      ["Changed", time(agent.updatedAt)],
    ]),
    h("ul", { class: "links" },
      h("li", null, h("a", { href: `#/audit${of}` }, "What was decided about its requests")),
      h("li", null, h("a", { href: `#/held${asQuery({ status: "All", agentId: agent.agentId })}` }, "Its held requests"))),
  ];
}

function policyLink(name) {
  return name ? h("a", { href: `#/policies/${part(name)}` }, h("bdi", null, name)) : null;
}
