// An auditor looks at a long body, part by part, and is offered nothing to decide.

import assert from "node:assert/strict";
import { open } from "../page.mjs";

export async function steps(stage) {
  const { told } = stage;
  const tab = await open(stage);
  const { page } = tab;
  await tab.signIn(told.key);
  await tab.go(`#/held/${told.id}`, "Held request");
  await page.getByText("Your role may look, and not decide.").waitFor();
  const lines = page.locator(".written .line");
  assert.ok(await lines.count() < told.lines, "all is shown at once");
  for (let part = 2; await lines.count() < told.lines; part += 1) {
    await page.getByRole("button", { name: `Show part ${part} of the body` }).click();
  }
  assert.equal(await lines.count(), told.lines);
  const buttons = await page.getByRole("button").allTextContents();
  assert.deepEqual(buttons, ["Sign out"]);
  await tab.shot("auditor-request");

  // Who may decide is told when the whole of it has not been looked at.
  const admin = await open(stage);
  await admin.signIn(told.admin);
  await admin.go(`#/held/${told.id}`, "Held request");
  await admin.page.getByRole("button", { name: "Approve…" }).click();
  await admin.page.getByRole("dialog").getByText("You have not seen the whole body").waitFor();
  await admin.close();
  await tab.close();
}
