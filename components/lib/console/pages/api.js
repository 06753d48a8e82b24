// Asks the gateway, with the operator's key.

import * as session from "./session.js";

/** What the gateway refused, as it says it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `The gateway answered ${status}.`);
    this.status = status;
    this.problem = problem ?? {};
  }
}

/** There is no answer. */
class Unreachable extends Error {}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 30000;

async function ask(method, path, body, { key = session.secret(), signal } = {}) {
  const headers = { Authorization: `Bearer ${key}`, Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const limits = [AbortSignal.timeout(PATIENCE), signal].filter(Boolean);
  // Relative to this file, so that a prefix before the gateway's paths changes nothing.
  const asked = fetch(new URL(`../${path}`, import.meta.url), {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.any(limits),
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  });
  const [response, text] = await asked.then(async (response) => [response, await response.text()]).catch((error) => {
    throw isAborted(error) ? error : new Unreachable();
  });
  let answer = null;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    throw new Refused(response.status, { title: "The answer is no JSON." });
  }
  if (response.ok) return answer;
  if (response.status === 401 && key === session.secret()) session.end("The gateway no longer accepts the key.");
  throw new Refused(response.status, answer);
}

/** Reads. */
export const get = (path, options) => ask("GET", path, undefined, options);

/** Asks or changes. */
export const post = (path, body, options) => ask("POST", path, body, options);

/** Whose key this is; refused if it is nobody's. */
export const whoIs = (key) => ask("GET", "operators/self", undefined, { key });

/** A path of a name that may hold anything. */
export const part = (name) => encodeURIComponent(name);

/** A query of those parameters that have a value. */
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

/** What to tell of an error: the gateway's own word, that it cannot be reached, or that this page is wrong. */
export function told(error) {
  if (error instanceof Refused) {
    const fields = Object.entries(error.problem.errors ?? {}).map(([name, what]) => `${name} ${[what].flat().join(", ")}`);
    return [error.message, ...fields].join(" · ");
  }
  if (error instanceof Unreachable) return "The gateway cannot be reached.";
  console.error(error);
  return "The console cannot show what the gateway answered.";
}

/** Whether it was ended by the page itself. */
export const isAborted = (error) => error?.name === "AbortError";
