// Starts Debian's Chromium and takes it through one script of `steps/`. What the script is told
// comes on standard input as JSON. Ends with 0 only if every step was done.

import { createRequire } from "node:module";
import { mkdirSync, accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

const { CONSOLE_TOOLS: tools, CONSOLE_SHOTS: shots, PATH: path } = process.env;
const require = createRequire(join(tools, "package.json"));
const { chromium } = require("playwright-core");

/** How long any one step may take, in milliseconds. */
const PATIENCE = 30_000;
/** How long all of them may. */
const END = 220_000;

function program(name) {
  for (const folder of path.split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // It is in another folder.
    }
  }
  throw new Error(`there is no ${name} on the path`);
}

const script = process.argv[2];
const told = JSON.parse(await text(process.stdin));
mkdirSync(shots, { recursive: true });
// Chromium has no sandbox for root; it is shown nothing but what the test serves.
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: program("chromium"), args });
const late = setTimeout(async () => {
  console.error("it takes too long");
  await browser.close();
  process.exit(1);
}, END);
try {
  const { steps } = await import(`./steps/${script}.mjs`);
  await steps({ browser, told, shots, axe: require.resolve("axe-core/axe.min.js"), patience: PATIENCE });
  console.log("all steps done");
} finally {
  clearTimeout(late);
  await browser.close();
}
