// The key is gone when the page is loaded again, left, signed out of, or not touched.

import assert from "node:assert/strict";
import { open } from "../page.mjs";

const MINUTE = 60_000;

export async function steps(stage) {
  await loadedAgain(stage);
  await left(stage);
  await untouched(stage);
  await takenBack(stage);
}

async function isOut(tab) {
  const { page, stage } = tab;
  await page.getByLabel("Operator key").waitFor();
  const content = await page.content();
  assert.equal(await page.getByLabel("Operator key").inputValue(), "");
  for (const word of [stage.told.admin, "imitator", "Request of"]) assert.ok(!content.includes(word), word);
  assert.equal(await page.getByRole("navigation").count(), 0);
  await tab.isClean();
}

async function signedIn(stage, options) {
  const tab = await open(stage, options);
  await tab.signIn(stage.told.admin);
  await tab.page.getByRole("link", { name: "Request of imitator" }).waitFor();
  assert.ok(!(await tab.page.content()).includes(stage.told.admin));
  assert.ok(!tab.page.url().includes(stage.told.admin));
  await tab.isClean();
  return tab;
}

async function loadedAgain(stage) {
  const tab = await signedIn(stage);
  await tab.page.reload();
  await isOut(tab);
  await tab.signIn(stage.told.admin);
  await tab.page.getByRole("button", { name: "Sign out" }).click();
  await tab.page.getByText("You have signed out.").waitFor();
  await isOut(tab);
  await tab.close();
}

async function left(stage) {
  const tab = await signedIn(stage);
  await tab.page.goto(`http://${stage.told.address}/health`);
  await tab.page.goBack();
  await isOut(tab);
  await tab.close();
}

async function untouched(stage) {
  const tab = await signedIn(stage, { clock: true });
  const { page } = tab;
  await page.clock.runFor(14 * MINUTE);
  await page.keyboard.press("Shift");
  await page.clock.runFor(14 * MINUTE);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await page.clock.runFor(2 * MINUTE);
  await page.getByText("You were signed out after 15 minutes").waitFor();
  await isOut(tab);
  await tab.close();
}

async function takenBack(stage) {
  const tab = await open(stage);
  const { page } = tab;
  const added = await fetch(`http://${stage.told.address}/operators`, {
    method: "POST",
    headers: { authorization: `Bearer ${stage.told.admin}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "gone", role: "Reviewer" }),
  });
  assert.equal(added.status, 201);
  const { operatorId, key } = await added.json();
  await tab.signIn(key);
  await page.getByRole("link", { name: "Request of imitator" }).waitFor();
  const revoked = await fetch(`http://${stage.told.address}/operators/${operatorId}`, {
    method: "DELETE", headers: { authorization: `Bearer ${stage.told.admin}` },
  });
  assert.equal(revoked.status, 204);
  // The list looks again by itself, and is refused.
  await page.getByText("no longer accepts the key").waitFor();
  await isOut(tab);
  await tab.close();
}
