// Builds the page. Text only ever becomes text: nothing here parses markup.

/**
 * An element. Attributes that are `null`, `undefined` or `false` are left out; those that
 * begin with `on` are listeners. Children are nodes, texts, or lists of them.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

let ids = 0;

/** An id that no other element has. */
export function uniqueId() {
  ids += 1;
  return `e${ids}`;
}

/** A control with its label, and a hint if there is one. */
export function field(label, control, hint) {
  control.id ||= uniqueId();
  const described = hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint);
  if (described) control.setAttribute("aria-describedby", described.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), described, control);
}

/** A select of these options, each a value or a pair of value and text. */
export function choice(options, chosen, attributes) {
  const option = (one) => {
    const [value, text] = Array.isArray(one) ? one : [one, one];
    return h("option", { value, selected: value === chosen }, text);
  };
  return h("select", attributes, options.map(option));
}

/** Terms and what is said of each; those of which nothing is said are left out. */
export function facts(pairs) {
  const said = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, said.map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value))));
}

/**
 * A table with a caption, that is cards on a narrow screen. Roles are spelt out: without them a
 * table that is not laid out as one is none for a screen reader.
 */
export function table(caption, columns, rows) {
  const cell = (value, column) => {
    const first = column === 0;
    const attributes = { "data-label": columns[column], role: first ? "rowheader" : "cell", scope: first ? "row" : null };
    return h(first ? "th" : "td", attributes, h("div", null, value ?? "–"));
  };
  return h("table", { role: "table" },
    h("caption", null, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      columns.map((column) => h("th", { role: "columnheader", scope: "col" }, column)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, row.map(cell)))));
}

/** What stands in place of a list without items. */
export function nothing(text) {
  return h("p", { class: "nothing" }, text);
}

/** A line that something has gone wrong, which is read out at once. */
export function trouble(text) {
  return h("p", { class: "trouble", role: "alert" }, text);
}

/** A word in a pill; the class gives its colour, the word says it all. */
export function badge(word, kind) {
  return h("span", { class: `badge ${kind ?? ""}` }, word);
}

/** Puts these in place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}
