// A request of bytes that are no text is denied.

import assert from "node:assert/strict";
import { open } from "../page.mjs";

export async function steps(stage) {
  const tab = await open(stage, { width: 320, height: 640 });
  const { page } = tab;
  await tab.signIn(stage.told.key);
  await tab.go(`#/held/${stage.told.id}`, "Held request");
  const shown = await tab.inside();
  assert.ok(shown.includes("000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"), shown);
  assert.ok(shown.includes("0000f0  f0 f1"), shown);
  await page.getByLabel("Comment").fill("not today");
  await tab.shot("denial-narrow-request");
  await page.getByRole("button", { name: "Deny…" }).click();
  await tab.shot("denial-narrow-dialog");
  await page.getByRole("button", { name: "Deny it" }).click();
  await page.locator(".state", { hasText: "Denied" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve…" }).count(), 0);
  await tab.shot("denial-narrow-denied");
  // Decided requests are found by their state.
  await tab.go("#/held", "Held requests");
  await page.getByText("Nothing here.").waitFor();
  await page.getByLabel("State").selectOption("Denied");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("link", { name: "Request of imitator" }).waitFor();
  await tab.close();
}
