// What lists have in common: filters and pages stand in the address, so that they can be gone back
// to.

import { query as asQuery } from "./api.js";
import { h } from "./dom.js";

/** A form of filters; sending it shows the view again with what they say. */
export function filters(view, ...fields) {
  const send = (event) => {
    event.preventDefault();
    const wanted = `#/${view}${asQuery(Object.fromEntries(new FormData(event.target)))}`;
    if (location.hash === wanted) dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = wanted;
  };
  return h("form", { class: "filters", role: "search", "aria-label": "Filters", onsubmit: send }, fields,
    h("button", { type: "submit" }, "Show"));
}

/** The way to the next page, if there is one. */
export function next(view, query, cursor) {
  if (!cursor) return null;
  const wanted = { ...Object.fromEntries(query), cursor };
  return h("p", null, h("a", { href: `#/${view}${asQuery(wanted)}` }, "Next page"));
}
