// Makes characters visible that could change how a text looks, in texts that the gateway has not
// taken apart already.

const NAMES = {
  0x00a0: "no-break space", 0x00ad: "soft hyphen", 0x061c: "arabic letter mark", 0x180e: "mongolian vowel separator",
  0x200b: "zero-width space", 0x200c: "zero-width non-joiner", 0x200d: "zero-width joiner", 0x200e: "left-to-right mark",
  0x200f: "right-to-left mark", 0x2028: "line separator", 0x2029: "paragraph separator", 0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding", 0x202c: "pop directional formatting", 0x202d: "left-to-right override",
  0x202e: "right-to-left override", 0x2060: "word joiner", 0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate",
  0x2068: "first strong isolate", 0x2069: "pop directional isolate", 0x3164: "hangul filler", 0xfeff: "byte order mark",
};

// Controls but line feed and tab, formats, private use, unassigned; spaces but the usual one; what
// is drawn as nothing.
const ODD = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}/u;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const CONTROL = /\p{Cc}/u;

/** The text as a list of strings and marks, as the gateway's `segments`. */
export function segments(text) {
  const list = [];
  let plain = "";
  for (const char of text) {
    if (!ODD.test(char)) {
      plain += char;
      continue;
    }
    if (plain !== "") list.push(plain);
    plain = "";
    list.push({ char, code: code(char), kind: BIDI.test(char) ? "bidi" : CONTROL.test(char) ? "control" : "invisible" });
  }
  if (plain !== "") list.push(plain);
  return list;
}

function code(char) {
  return `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** What a mark is called: the character's name if it is a known one, and its kind. */
export function words(mark) {
  const name = NAMES[String(mark.char ?? "").codePointAt(0)];
  if (mark.kind === "look-alike") return mark.like ? `looks like ${mark.like}` : "look-alike";
  const kind = { bidi: "text direction", control: "control", invisible: "invisible", unassigned: "unassigned" }[mark.kind];
  return [name, name ? null : kind].filter(Boolean).join(" ") || "odd character";
}
