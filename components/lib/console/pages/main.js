// The console: signs in, and shows the view that the address names.

import { isAborted, told, whoIs } from "./api.js";
import { showAgent, showAgents } from "./agents.js";
import { showAudit, showRecord } from "./audit.js";
import { showCounters } from "./counters.js";
import { closeAll } from "./dialog.js";
import { badge, field, fill, h, trouble } from "./dom.js";
import { showHeld } from "./held.js";
import { showInbox } from "./inbox.js";
import { showPolicies, showPolicy } from "./policies.js";
import * as session from "./session.js";

/** What stands in the navigation, and the view of a list and of one of it. */
const VIEWS = {
  held: { name: "Held requests", list: showInbox, one: showHeld },
  agents: { name: "Agents", list: showAgents, one: showAgent },
  policies: { name: "Policies", list: showPolicies, one: showPolicy },
  audit: { name: "Audit", list: showAudit, one: showRecord },
  counters: { name: "Counters", list: showCounters },
};

const main = document.getElementById("main");
const navigation = document.getElementById("navigation");
const who = document.getElementById("operator");
const announcement = document.getElementById("announcement");

/** Ends what the view before this one still does. */
let leaving = new AbortController();

/** Says something to those who do not see the page. */
function announce(text) {
  announcement.textContent = "";
  // A text that is the same again is said again only if it was away.
  requestAnimationFrame(() => { announcement.textContent = text; });
}

/** What the address names: a view, one thing of it, and a query. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, one] = path.split("/");
  let name;
  try {
    name = one && decodeURIComponent(one);
  } catch {
    name = undefined;
  }
  return { view: Object.hasOwn(VIEWS, view) ? view : "held", one: name, query: new URLSearchParams(query ?? "") };
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  closeAll();
  if (session.operator() === null) return showSignIn();
  const { signal } = leaving;
  const { view, one, query } = place();
  for (const link of navigation.querySelectorAll("a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const known = VIEWS[view];
  const page = { signal, query, one, announce, title: (text) => heading(text) };
  main.setAttribute("aria-busy", "true");
  try {
    const content = await (one && known.one ? known.one(page) : known.list(page));
    if (signal.aborted) return;
    fill(main, content);
  } catch (error) {
    if (signal.aborted || isAborted(error)) return;
    fill(main, heading(known.name), trouble(told(error)), h("p", null, h("a", { href: `#/${view}` }, `Back to ${known.name.toLowerCase()}`)));
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
  arrive();
}

function heading(text) {
  return h("h1", { tabindex: "-1" }, text);
}

/** Tells where one has come to: the title of the page, and the focus. */
function arrive() {
  const title = main.querySelector("h1");
  document.title = `${title?.textContent ?? "Console"} – Vectra`;
  title?.focus();
  scrollTo(0, 0);
}

function showSignIn(why) {
  navigation.hidden = true;
  who.hidden = true;
  fill(navigation);
  fill(who);
  main.removeAttribute("aria-busy");
  const key = h("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true, maxlength: 256 });
  const wrong = h("div", null);
  const button = h("button", { type: "submit", class: "primary" }, "Sign in");
  const signIn = async (event) => {
    event.preventDefault();
    const given = key.value.trim();
    if (given === "" || button.disabled) return key.focus();
    button.disabled = true;
    try {
      const operator = await whoIs(given);
      key.value = "";
      session.begin(given, operator);
      showOperator();
      announce(`Signed in as ${operator.name}, ${operator.role}.`);
      await show();
    } catch (error) {
      button.disabled = false;
      fill(wrong, trouble(error.status === 401 ? "The gateway does not know this key." : told(error)));
      key.select();
    }
  };
  fill(main, h("div", { class: "sign-in" },
    heading("Sign in"),
    why && h("p", { class: "notice", role: "status" }, why),
    h("form", { onsubmit: signIn }, field("Operator key", key, "Begins with vop_. It is kept by this page only, until you leave it, sign out, or do nothing for 15 minutes."), wrong, h("p", { class: "buttons" }, button))));
  document.title = "Sign in – Vectra";
  key.focus();
}

function showOperator() {
  const { name, role } = session.operator();
  fill(navigation, h("ul", null, Object.entries(VIEWS).map(([view, { name }]) =>
    h("li", null, h("a", { href: `#/${view}`, "data-view": view }, name)))));
  fill(who, h("span", { class: "who" }, h("span", { class: "visually-hidden" }, "Signed in as "), h("bdi", null, name), " ", badge(role)),
    h("button", { type: "button", onclick: () => session.end("You have signed out.") }, "Sign out"));
  navigation.hidden = false;
  who.hidden = false;
}

session.onEnd((why) => {
  leaving.abort();
  closeAll();
  // Nothing that the key has brought stays on the page.
  announcement.textContent = "";
  showSignIn(why);
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
show();
