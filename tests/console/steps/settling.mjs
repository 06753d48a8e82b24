// The upstream goes away in the middle; an operator says what became of the request.

import { open } from "../page.mjs";

export async function steps(stage) {
  const tab = await open(stage);
  const { page } = tab;
  await tab.signIn(stage.told.key);
  await tab.go(`#/held/${stage.told.id}`, "Held request");
  await page.getByRole("button", { name: "Approve…" }).click();
  await page.getByRole("button", { name: "Approve it" }).click();
  await page.locator(".state", { hasText: "Uncertain" }).waitFor();
  await tab.shot("settling-uncertain");
  await page.getByLabel("Comment").fill("the upstream has no trace of it");
  await page.getByRole("button", { name: "It was not sent…" }).click();
  await page.getByRole("dialog", { name: "Settle it as not sent?" }).getByRole("button", { name: "It was not sent" }).click();
  await page.locator(".state", { hasText: "Denied" }).waitFor();
  await tab.close();
}
