// Shows what an agent wrote, so that it can be told from everything that Vectra says: in a frame
// that names its author, line by line behind a gutter, in one direction, odd characters marked.
// Nothing that an agent wrote is ever put outside these frames, and none of it is ever markup.

import { badge, h } from "./dom.js";
import { bytes } from "./format.js";
import { segments, words } from "./visible.js";

/** How much is shown at once: characters, and elements. More costs a button. */
const PAGE = { characters: 65536, elements: 2000 };

/** A frame around what an agent wrote; `label` says what it is. */
export function frame(label, ...content) {
  return framed(label, "Written by the agent", content);
}

/** The same around what holds words of the agent among others. */
export function partly(label, ...content) {
  return framed(label, "Partly written by the agent", content);
}

function framed(label, by, content) {
  return h("div", { class: "written", role: "group", "aria-label": `${label}, ${by.toLowerCase()}` },
    h("p", { class: "written-by", "aria-hidden": "true" }, by),
    content);
}

/** What a request asks for, in a frame. */
export function address(method, url) {
  return frame("Method and address", h("p", null, h("strong", null, line(method)), " ", line(url)));
}

/** A short text of an agent among other things. */
export function inline(text) {
  const shown = typeof text === "string" ? segments(text) : text ?? [];
  return h("bdi", { class: "written-inline", dir: "ltr" },
    h("span", { class: "visually-hidden" }, "Written by the agent: "), shown.map(segment));
}

/** One line of an agent inside a frame. */
export function line(text) {
  const shown = typeof text === "string" ? segments(text) : text ?? [];
  return h("bdi", { class: "written-line", dir: "ltr" }, shown.map(segment));
}

/** A reason or the like: words of the gateway, a policy or a classifier, which may quote a request. */
export function quoted(text) {
  return h("q", { class: "quoted" }, h("bdi", { dir: "ltr" }, segments(text).map(segment)));
}

/** What explains the ground that `inline` has. */
export function legend() {
  return h("p", { class: "legend" }, h("span", { class: "written-inline", "aria-hidden": "true" }, "Text on this ground"),
    " was written by an agent. Marked characters are not what they seem.");
}

/** What stands in place of a value that may be secret, so that it can be told from a known one. */
export function hidden(value) {
  return badge(`value hidden by Vectra: ${bytes(value.bytes)}, SHA-256 begins with ${value.sha256}`, "dull");
}

function segment(one) {
  if (typeof one === "string") return one;
  return one.masked ? hidden(one) : mark(one, 1);
}

function mark(odd, times) {
  const said = words(odd);
  const often = times > 1 ? ` × ${times}` : "";
  const char = odd.kind === "look-alike" ? h("bdi", null, odd.char) : null;
  return h("mark", { class: "odd", title: `${odd.code} ${said}` },
    char, h("span", { "aria-hidden": "true" }, `${odd.code}${often}`),
    h("span", { class: "visually-hidden" }, `[${said}, ${odd.code}${often}]`));
}

/**
 * A long text inside a frame. `all()` says whether the whole of it is on the page.
 */
export function block(label, text) {
  const shown = typeof text === "string" ? segments(text) : text ?? [];
  return paged(label, pieces(shown), "numbered");
}

/** Bytes that are no text: offset, hexadecimal, and what of it is ASCII. */
export function dump(label, hex) {
  return paged(label, dumped(hex), "dump");
}

function* dumped(hex) {
  for (let at = 0; at < hex.length; at += 32) {
    const pairs = hex.slice(at, at + 32).match(/../g) ?? [];
    const ascii = pairs.map((pair) => {
      const value = Number.parseInt(pair, 16);
      return value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : ".";
    });
    if (at > 0) yield "\n";
    yield `${(at / 2).toString(16).padStart(6, "0")}  ${pairs.join(" ").padEnd(47)}  ${ascii.join("")}`;
  }
}

/** Strings without line feeds, line feeds, and marks with how often they follow each other. */
function* pieces(list) {
  for (let nth = 0; nth < list.length; nth += 1) {
    const one = list[nth];
    if (typeof one !== "string") {
      let times = 1;
      while (list[nth + 1]?.code === one.code && one.kind !== "look-alike") {
        nth += 1;
        times += 1;
      }
      yield { odd: one, times };
      continue;
    }
    for (const part of one.split(/(\n)/)) {
      for (let at = 0; at < part.length; at += PAGE.characters) yield part.slice(at, at + PAGE.characters);
    }
  }
}

function paged(label, source, kind) {
  const lines = h("div", { class: `lines ${kind}`, dir: "ltr", tabindex: "0", role: "group", "aria-label": label });
  const rest = { next: source.next(), part: 1 };
  const more = h("button", { type: "button", class: "more" });
  const step = () => {
    fillPage(lines, rest, source);
    rest.part += 1;
    more.textContent = `Show part ${rest.part} of ${label}`;
    more.hidden = rest.next.done;
  };
  step();
  more.addEventListener("click", () => {
    step();
    if (more.hidden) lines.focus();
  });
  return { element: h("div", { class: "text" }, lines, more), all: () => rest.next.done };
}

function fillPage(lines, rest, source) {
  let characters = 0;
  let elements = 0;
  let row = lines.lastChild ?? newLine(lines);
  while (!rest.next.done && characters < PAGE.characters && elements < PAGE.elements) {
    const piece = rest.next.value;
    if (piece === "\n") {
      row = newLine(lines);
      elements += 1;
    } else if (typeof piece === "string") {
      row.append(piece);
      characters += piece.length;
    } else {
      row.append(mark(piece.odd, piece.times));
      elements += 1;
    }
    rest.next = source.next();
  }
}

function newLine(lines) {
  const row = h("div", { class: "line" });
  lines.append(row);
  return row;
}
