// A page of the console under watch: nothing runs that should not, nothing is kept.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How many stops of the Tab key a page may have before what is looked for. */
const MOST_STOPS = 120;

/** Opens a page in a context of its own. */
export async function open(stage, { width = 1200, height = 900, dark = false, clock = false } = {}) {
  const context = await stage.browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  context.setDefaultTimeout(stage.patience);
  const page = await context.newPage();
  const seen = { troubles: [], hosts: new Set() };
  page.on("dialog", (dialog) => { seen.troubles.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => seen.troubles.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // An answer that is no 2xx is written there by the browser itself.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) seen.troubles.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => seen.hosts.add(new URL(request.url()).host));
  await page.exposeFunction("violated", (what) => { seen.troubles.push(`against the policy: ${what}`); });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => globalThis.violated(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  if (clock) await page.clock.install();
  const response = await page.goto(`http://${stage.told.address}/console`);
  assert.equal(response.status(), 200);
  return new Tab(stage, context, page, seen);
}

export class Tab {
  constructor(stage, context, page, seen) {
    Object.assign(this, { stage, context, page, seen });
  }

  /** Signs in by keyboard; the field has the focus already. */
  async signIn(key) {
    await this.page.getByLabel("Operator key").waitFor();
    await this.page.keyboard.type(key);
    await this.page.keyboard.press("Enter");
    await this.page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  /** Goes to a view and waits for its heading. */
  async go(hash, heading) {
    await this.page.evaluate((to) => { location.hash = to; }, hash);
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
  }

  /** Presses Tab until the element of this name has the focus; each stop can be seen to have it. */
  async tabTo(name) {
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      await this.page.keyboard.press("Tab");
      const at = await this.page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
        return { name: name.trim(), outlined: element === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) };
      });
      assert.ok(at.outlined, `nothing shows that “${at.name.slice(0, 80)}” has the focus`);
      if (at.name === name) return;
    }
    assert.fail(`Tab does not come to “${name}”`);
  }

  /** The name of what has the focus. */
  focused() {
    return this.page.evaluate(() => document.activeElement.textContent);
  }

  /** What stands on the page outside every frame of an agent. */
  outside() {
    return this.page.evaluate(() => {
      const copy = document.body.cloneNode(true);
      for (const written of copy.querySelectorAll(".written, .written-inline")) written.remove();
      return copy.textContent;
    });
  }

  /** What stands in the frames. */
  inside() {
    return this.page.evaluate(() => [...document.querySelectorAll(".written, .written-inline")].map((written) => written.textContent).join("\n"));
  }

  /** Nothing ran, was asked elsewhere, or is kept by the browser. */
  async isClean() {
    assert.deepEqual(this.seen.troubles, []);
    assert.deepEqual([...this.seen.hosts], [this.stage.told.address]);
    const kept = await this.page.evaluate(async () => ({
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      cookies: document.cookie,
      name: globalThis.name,
      history: JSON.stringify(history.state),
    }));
    assert.deepEqual(kept, { local: 0, session: 0, databases: 0, caches: 0, workers: 0, cookies: "", name: "", history: "null" });
    assert.deepEqual(await this.context.cookies(), []);
    assert.equal(await this.page.evaluate(() => globalThis.intruded), undefined);
    const foreign = await this.page.locator("main :is(script, style, iframe, object, embed, link, img), dialog :is(script, style, iframe, img)").count();
    assert.equal(foreign, 0);
  }

  /** Takes a picture, after what every view must be: clean, accessible, no wider than the screen. */
  async shot(name) {
    await this.isClean();
    const violations = await this.violations();
    assert.deepEqual(violations, [], name);
    const tooWide = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(tooWide <= 0, `${name} is ${tooWide} pixels too wide`);
    const dialog = await this.page.locator("dialog").count();
    await this.page.screenshot({ path: join(this.stage.shots, `${name}.png`), fullPage: dialog === 0 });
  }

  /** What axe-core finds. It runs in a world of its own, past the policy of the page. */
  async violations() {
    const devtools = await this.context.newCDPSession(this.page);
    const { frameTree } = await devtools.send("Page.getFrameTree");
    const world = { frameId: frameTree.frame.id, worldName: "axe" };
    const { executionContextId: contextId } = await devtools.send("Page.createIsolatedWorld", world);
    await devtools.send("Runtime.evaluate", { expression: readFileSync(this.stage.axe, "utf8"), contextId });
    const expression = `axe.run(document).then((found) => {
      if (found.passes.length < 10) throw new Error("axe looked at nothing");
      return found.violations.map((one) => [one.id, one.impact, one.nodes.map((node) => node.html.slice(0, 200))]);
    })`;
    const run = await devtools.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
    await devtools.detach();
    assert.equal(run.exceptionDetails, undefined, JSON.stringify(run.exceptionDetails));
    return run.result.value;
  }

  async close() {
    await this.isClean();
    await this.context.close();
  }
}
