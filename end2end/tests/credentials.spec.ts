// Credentials are given and never read again: neither the page nor any answer of the server has one in it.

import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

const SECRET = "sk-ant-canary-7f19e0c4d2a8";
const OTHER = "sk-ant-canary-0b6d3a9175ee";

/** All that the page holds: its elements, and what is in its fields. */
function held(page: Page): Promise<string> {
  return page.evaluate(() => {
    const values = [...document.querySelectorAll("input, textarea, select")].map((field) => (field as HTMLInputElement).value);
    const kept = [localStorage, sessionStorage].map((store) => JSON.stringify(store));
    return [document.documentElement.outerHTML, document.cookie, location.href, ...values, ...kept].join("\n");
  });
}

test("a credential is kept, replaced and forgotten, and never comes back", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  await context.addCookies(await api.cookies());
  const answers: Promise<string>[] = [];
  page.on("response", (answer) => {
    // The stream of news has no end.
    if (answer.url().includes("/api/events")) return;
    const head = JSON.stringify(answer.headers());
    answers.push(answer.text().then((body) => head + body, () => head));
  });
  const expectNothing = async (what: string): Promise<void> => {
    const all = [await held(page), ...(await Promise.all(answers))];
    for (const secret of [SECRET, OTHER]) expect(all.filter((text) => text.includes(secret)), what).toEqual([]);
  };
  const section = page.getByRole("region", { name: "Credentials for agents" });
  const keep = async (secret: string): Promise<void> => {
    const field = section.getByLabel("Secret");
    await expect(field).toHaveAttribute("type", "password");
    await field.fill(secret);
    await section.getByRole("button", { name: "Keep" }).click();
    await expect(section.getByRole("listitem")).toHaveText(new RegExp(`ends in ${secret.slice(-4)}`));
    await expect(field).toHaveValue("");
  };
  await page.goto("/settings");
  await interactive(page);
  await keep(SECRET);
  await expectNothing("after it was given");
  await expectAccessible(page, "settings with a credential");
  await page.reload();
  await interactive(page);
  await expect(section.getByRole("listitem")).toContainText(`ends in ${SECRET.slice(-4)}`);
  await expectNothing("on the next visit");

  await keep(OTHER);
  await expect(section.getByRole("listitem"), "the new one has the place of the old one").toHaveCount(1);
  await expectNothing("after it was replaced");
  expect(await (await api.send("GET", "/api/credentials")).text()).not.toMatch(/canary/);
  expect(answers.length, "the answers were read").toBeGreaterThan(10);

  await section.getByRole("button", { name: "Forget" }).click();
  await expect(section.getByRole("listitem")).toHaveCount(0);
  expect((await api.read("/api/credentials"))["length"]).toBe(0);
});
