// The decision component alone in Node.js: `node decide.mjs DECISION.wasm < INPUTS.json`
// evaluates a list of inputs and prints the list of the answers.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco-transpile";

// All that the component is given: an environment that is empty, streams that hold nothing,
// an exit that fails. No clock, no file, no random number, no socket.
class Nothing {}
const nothing = () => new Nothing();
const none = () => undefined;
const IMPORTS = {
  "wasi:cli/environment": { getEnvironment: () => [], getArguments: () => [], initialCwd: none },
  "wasi:cli/exit": { exit: () => { throw new Error("the component has exited"); } },
  "wasi:cli/stdin": { getStdin: nothing },
  "wasi:cli/stdout": { getStdout: nothing },
  "wasi:cli/stderr": { getStderr: nothing },
  "wasi:cli/terminal-input": { TerminalInput: Nothing },
  "wasi:cli/terminal-output": { TerminalOutput: Nothing },
  "wasi:cli/terminal-stdin": { getTerminalStdin: none },
  "wasi:cli/terminal-stdout": { getTerminalStdout: none },
  "wasi:cli/terminal-stderr": { getTerminalStderr: none },
  "wasi:io/error": { Error: Nothing },
  "wasi:io/poll": { Pollable: Nothing },
  "wasi:io/streams": { InputStream: Nothing, OutputStream: Nothing },
  "vectra:decision/types": {},
};

// `jco transpile --instantiation` does the same at build time, which a service would do.
async function load(component) {
  const { files } = await transpile(component, { name: "decision", instantiation: "async" });
  const folder = await mkdtemp(join(tmpdir(), "vectra-decision-"));
  try {
    const script = join(folder, "decision.mjs");
    await writeFile(script, files["decision.js"]);
    const { instantiate } = await import(pathToFileURL(script));
    return await instantiate((name) => WebAssembly.compile(files[name]), IMPORTS);
  } finally {
    await rm(folder, { recursive: true });
  }
}

// JavaScript names fields otherwise than the WIT, and has other numbers of 64 bits.
const LONG = new Set(["now", "baselineSince", "inspected", "uninspected"]);
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function renamed(value, name, of = "") {
  if (Array.isArray(value)) return value.map((item) => renamed(item, name));
  if (value === null || value === undefined) return name === camel ? undefined : null;
  if (typeof value === "number" && LONG.has(of)) return BigInt(value);
  if (typeof value !== "object") return value;
  const fields = Object.entries(value).map(([field, inner]) => {
    const key = name(field);
    return [key, renamed(inner, name, field === "val" ? value.tag : key)];
  });
  return Object.fromEntries(fields);
}

const inputs = JSON.parse(await text(process.stdin));
const { engine } = await load(process.argv[2]);
const answers = inputs.map((input) => renamed(engine.evaluate(renamed(input, camel)), kebab));
process.stdout.write(JSON.stringify(answers));
