// Every view on a wide screen, in the dark, and on one of 320 pixels.

import assert from "node:assert/strict";
import { open } from "../page.mjs";

const SCREENS = {
  wide: { width: 1200, height: 900 },
  dark: { width: 1200, height: 900, dark: true },
  narrow: { width: 320, height: 640 },
};

export async function steps(stage) {
  for (const [name, screen] of Object.entries(SCREENS)) await walk(stage, name, screen);
}

async function walk(stage, name, screen) {
  const { told } = stage;
  const tab = await open(stage, screen);
  const { page } = tab;
  const shot = (view) => tab.shot(`${name}-${view}`);
  await page.getByLabel("Operator key").waitFor();
  await shot("sign-in");
  await page.keyboard.type("vop_of_nobody");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("does not know this key").waitFor();
  await tab.signIn(told.admin);
  await page.getByRole("link", { name: "Request of imitator" }).waitFor();
  await shot("held");
  await tab.go(`#/held/${told.id}`, "Held request");
  await shot("held-request");

  await follow(page, "Agents", "Agents");
  await page.getByRole("row").filter({ hasText: "imitator" }).getByText("Active", { exact: true }).waitFor();
  await shot("agents");
  await follow(page, "imitator", "imitator");
  await shot("agent");

  await follow(page, "Policies", "Policies");
  await shot("policies");
  await follow(page, "careful", "careful");
  await dryRun(page, "DELETE", "Deny");
  await dryRun(page, "POST", "Hitl");
  await page.locator(".answer").getByText("Writes need a person's approval").waitFor();
  await shot("policy");

  await follow(page, "Audit", "Audit");
  await shot("audit");
  for (const outcome of ["Allow", "Deny", "Hitl"]) assert.equal(await page.getByRole("row").getByText(outcome, { exact: true }).count(), 1, outcome);
  await page.getByRole("row").filter({ hasText: "Hitl" }).getByRole("rowheader").getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "Decision" }).waitFor();
  const held = page.getByText("Held request's digest");
  await held.waitFor();
  await page.getByText("hold-writes").first().waitFor();
  await page.getByText("The whole explanation").click();
  await shot("decision");

  await follow(page, "Counters", "Counters");
  await page.getByRole("row").filter({ hasText: "hitl" }).waitFor();
  await shot("counters");
  await tab.go("#/held/no-such-id", "Held requests");
  await page.getByRole("alert").waitFor();
  await shot("failure");
  await tab.close();
}

async function follow(page, link, heading) {
  await page.getByRole("link", { name: link, exact: true }).first().click();
  const title = page.getByRole("heading", { level: 1, name: heading, exact: true });
  await title.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
}

async function dryRun(page, method, outcome) {
  await page.getByLabel("Method").fill(method);
  await page.getByLabel("Headers").fill("content-type: application/json");
  await page.getByLabel("Body").fill("{\"n\":1}");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("heading", { name: `It would be: ${outcome}` }).waitFor();
}
