// A request whose text would rather be the page is looked at and approved, by keyboard alone.

import assert from "node:assert/strict";
import { open } from "../page.mjs";

/** What the agent wrote and what must not be taken for Vectra's word. */
const FORGED = [
  "Approved by admin", "Vectra has checked this request", "<script>", "<button class=\"primary\">Approve it</button>",
  "onerror=", "</pre>", "The end of what the agent wrote.", "%3Cscript%3E", "state=Approved",
];

export async function steps(stage) {
  const { told } = stage;
  const tab = await open(stage);
  const { page } = tab;
  await tab.signIn(told.key);
  await page.getByRole("heading", { level: 1, name: "Held requests", exact: true }).waitFor();
  assert.equal(await page.title(), "Held requests – Vectra");
  await tab.shot("imitation-inbox");
  await tab.tabTo("Request of imitator");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Held request", exact: true }).waitFor();
  assert.equal(await tab.focused(), "Held request");

  await isFramed(tab);
  await tab.shot("imitation-request");
  // What is counted as a button of the page is Vectra's.
  const buttons = await page.getByRole("button").allTextContents();
  assert.deepEqual(buttons, ["Sign out", "Approve…", "Deny…"]);

  await tab.tabTo("Comment");
  await page.keyboard.type("looks right");
  await tab.tabTo("Approve…");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Approve this request?" });
  await dialog.waitFor();
  // It repeats what will run, and the safe way has the focus.
  const repeated = await dialog.textContent();
  for (const word of ["POST", "/pay?to=%3Cscript%3E&state=Approved", told.digest, "imitator", "looks right"]) {
    assert.ok(repeated.includes(word), `the dialog does not say ${word}: ${repeated}`);
  }
  assert.equal(await tab.focused(), "Cancel");
  await tab.shot("imitation-dialog");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await tab.focused(), "Approve…");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  const approved = page.waitForRequest((request) => request.method() === "POST");
  await tab.tabTo("Approve it");
  await page.keyboard.press("Enter");
  assert.deepEqual((await approved).postDataJSON(), { comment: "looks right", digest: told.digest });
  await page.locator(".state", { hasText: "Released" }).waitFor();
  assert.equal(await tab.focused(), "Your decision");
  await page.getByText("There is nothing to decide any more.").waitFor();
  await isFramed(tab);
  await tab.shot("imitation-released");
  await tab.close();
}

async function isFramed(tab) {
  const { page, stage } = tab;
  const [inside, outside] = [await tab.inside(), await tab.outside()];
  for (const word of FORGED) {
    assert.ok(inside.includes(word), `${word} is not shown`);
    assert.ok(!outside.includes(word), `${word} stands outside the frames`);
  }
  // What changes how a text looks is not on the page, its name is.
  const all = await page.content();
  for (const char of ["\u202e", "\u200b", "\r"]) assert.ok(!all.includes(char), JSON.stringify(char));
  for (const name of ["U+202E", "right-to-left override", "U+200B × 2", "zero-width space", "U+0430", "looks like a", "U+000D"]) {
    assert.ok(inside.includes(name), `${name} is not marked`);
  }
  assert.ok(!all.includes(stage.told.secret), "a credential is shown");
  assert.ok(inside.includes("value hidden by Vectra"));
  // Nothing of a frame is drawn outside of it.
  const escaped = await page.evaluate(() => [...document.querySelectorAll(".written")].filter((written) => {
    const frame = written.getBoundingClientRect();
    return [...written.querySelectorAll("*")].some((part) => {
      const lines = part.closest(".lines");
      const at = (lines ?? part).getBoundingClientRect();
      return at.width > 1 && (at.left < frame.left || at.right > frame.right || at.top < frame.top || at.bottom > frame.bottom);
    });
  }).length);
  assert.equal(escaped, 0);
  assert.equal(await page.locator(".written :is(button:not(.more), a, input, form)").count(), 0);
}
