// With the keyboard alone: what has the focus is seen to have it, the order is that of the page, and a dialog keeps the focus and
// gives it back.

import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { running } from "../fixtures/running.ts";
import { still } from "../fixtures/still.ts";
import { expect, test } from "../fixtures/test.ts";

/** What is between a ring and its ground at least (WCAG 2.4.13). */
const CONTRAST = 3;
/** More steps than any of the pages has. */
const STEPS_MAX = 60;

/** Steps that lead around in every dialog. */
const AROUND = 12;

/** Something that has the focus. */
interface Stop {
  name: string;
  /** What is wrong with how its focus is shown. */
  faults: string[];
  /** Its place among all elements of the document. */
  order: number;
}

/** What has the focus now; `undefined` when nothing of the page has. */
async function stop(page: Page): Promise<Stop | undefined> {
  await still(page);
  return page.evaluate((least) => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return undefined;

    type Colour = [number, number, number, number];
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const colour = (text: string): Colour => {
      if (!canvas) throw new Error("there is no canvas");
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data] as Colour;
    };
    const luminance = (parts: Colour): number => {
      const [red = 0, green = 0, blue = 0] = parts.slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one: Colour, other: Colour): number => {
      const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    /** What is painted below a ring around the element. */
    const groundOf = (element: Element | null): Colour => {
      for (let at = element; at; at = at.parentElement) {
        const ground = colour(getComputedStyle(at).backgroundColor);
        if (ground[3] === 255) return ground;
      }
      return [255, 255, 255, 255];
    };

    const faults: string[] = [];
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const ring = contrast(colour(outlineColor), groundOf(element.parentElement));
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) faults.push(`no ring: ${outlineStyle} ${outlineWidth}`);
    if (ring < least) faults.push(`a ring that is hardly seen: ${ring.toFixed(2)} to 1`);
    for (let at: Element | null = element; at; at = at.parentElement) {
      if (Number(getComputedStyle(at).opacity) < 1) faults.push(`it is see-through: ${at.className}`);
    }
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
    if (width < 2 || height < 2) faults.push("it has no size");
    if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) faults.push("it is outside of the window");
    const unfocused = getComputedStyle(element).outline;
    element.blur();
    if (getComputedStyle(element).outline === unfocused) faults.push("it looks the same without the focus");
    element.focus({ preventScroll: true });

    const label = element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? document.querySelector(`label[for="${element.id}"]`)?.textContent;
    const name = (label ?? element.textContent ?? "").replace(/\s+/g, " ").trim();
    return { name, faults, order: [...document.querySelectorAll("*")].indexOf(element) };
  }, CONTRAST);
}

/** Everything that Tab comes to, from the first to the last. */
async function tour(page: Page): Promise<string[]> {
  const stops: Stop[] = [];
  for (let step = 0; step < STEPS_MAX; step++) {
    const here = await stop(page);
    if (here && here.order === stops[0]?.order) break;
    if (here) stops.push(here);
    if (!here && stops.length > 0) break;
    await page.keyboard.press("Tab");
  }
  expect(stops.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)), "how the focus is shown").toEqual([]);
  const places = stops.map(({ order }) => order);
  expect(places, "the order of the page").toEqual([...places].sort((a, b) => a - b));
  return stops.map(({ name }) => name);
}

const escape = (page: Page): Promise<void> => page.keyboard.press("Escape");

/** Opens a dialog with its button, goes around in it, and closes it. */
async function visit(page: Page, name: string, close: (page: Page) => Promise<void>): Promise<void> {
  const opener = page.getByRole("button", { name, exact: true }).first();
  await opener.focus();
  const before = await opener.elementHandle();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name });
  await expect(dialog.locator(":focus"), `${name}: the focus is in it`).toHaveCount(1);
  // Between the last and the first the browser itself has its turn: then nothing of the page has the focus.
  const outside = await dialog.evaluateHandle((dialog) => {
    const outside: string[] = [];
    document.addEventListener("focusin", ({ target }) => {
      const open = dialog instanceof HTMLDialogElement && dialog.open;
      if (open && target instanceof Element && !dialog.contains(target)) outside.push(target.outerHTML);
    });
    return outside;
  });
  for (const key of ["Tab", "Shift+Tab"]) {
    for (let step = 0; step < AROUND; step++) await page.keyboard.press(key);
  }
  expect(await outside.jsonValue(), `${name}: the focus stays in it`).toEqual([]);
  await close(page);
  await expect(dialog).toBeHidden();
  expect(await page.evaluate((before) => document.activeElement === before, before), `${name}: the focus comes back`).toBe(true);
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("who signs in sees where the focus is", async ({ page, server }) => {
      await running(server, page, "stoker");
      await page.context().clearCookies();
      await page.goto("/login");
      await interactive(page);
      await expect(page.getByLabel("Username")).toBeFocused();
      expect(await tour(page)).toEqual(["Username", "Password", "Sign in"]);
    });

    test("on the pages of agents and tasks one sees where the focus is", async ({ page, server }) => {
      const { api, project, agent } = await running(server, page, "stoker");
      const task = await api.task(project, "Oil the gears");
      const frame = ["Skip to content", "AiWorker", "Projects", "Agents", "Questions", "Settings", "System", "Light", "Dark", "Sign out", "Launch agent"];
      const walks: [string, string[]][] = [
        ["/agents", ["All 1", "Idle 1", "stoker", "Engine", "Open terminal", "Stop", "Delete", "Watch all terminals"]],
        [`/projects/${project}`, ["Projects", "Edit project", "New task", "Oil the gears", "Edit", "Move to", "Failed 0", "Cancelled 0"]],
        [`/tasks/${task}`, ["Projects", "Engine", "Edit", "Delete", "Note", "Add note", "In progress", "In review", "Done", "Cancelled"]],
        [`/agents/${agent}`, ["Agents", "Open terminal", "Stop", "Delete", "Log lines", "Engine"]],
      ];
      for (const [path, own] of walks) {
        await page.goto(path);
        await interactive(page);
        expect(await tour(page), path).toEqual([...frame, ...own]);
      }
    });
  });
}

test("dialogs about projects and tasks keep the focus and give it back", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  await api.task(project, "Oil the gears");
  await page.context().addCookies(await api.cookies());
  await page.goto("/projects");
  await interactive(page);
  for (const name of ["New project", "Delete"]) await visit(page, name, escape);

  await page.goto(`/projects/${project}`);
  await interactive(page);
  for (const name of ["Edit project", "New task", "Edit"]) await visit(page, name, escape);
});

test("a dialog whose button is pressed again at once, before the page hears that it was closed, is whole", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  await page.context().addCookies(await api.cookies());
  await page.goto("/projects");
  await interactive(page);
  const opener = page.getByRole("button", { name: "New project" }).first();
  await opener.click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await expect(dialog.getByLabel("Project name")).toBeFocused();
  await opener.evaluate((button: HTMLElement) => {
    document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
    button.click();
  });
  await expect(dialog.getByLabel("Project name")).toBeFocused();
  await escape(page);
  await expect(dialog).toBeHidden();
});

test("dialogs about agents keep the focus and give it back", async ({ page, server }) => {
  const { api, agent } = await running(server, page, "stoker");
  await page.goto("/agents");
  await interactive(page);
  await visit(page, "Launch agent", escape);
  await visit(page, "Delete", escape);
  await visit(page, "Delete", async () => {
    await page.getByRole("button", { name: "Cancel" }).focus();
    await page.keyboard.press("Enter");
  });
  expect((await api.agents()).map(({ id }) => id), "nothing was deleted").toEqual([agent]);
});

test("a terminal's dialog has the focus in the terminal, leaves Escape to it, and gives the focus back", async ({ page, server }) => {
  await running(server, page, "stoker");
  await page.goto("/agents");
  await interactive(page);
  const opener = page.getByRole("button", { name: "Open terminal" });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Open terminal" });
  const { terminal } = new Dashboard(page);
  await terminal.expectRow(/[$#]\s*$/);
  await expect(terminal.region.locator("textarea")).toBeFocused();
  await terminal.type("read -rsn1 key; printf 'key-%q\\n' \"$key\"");
  await page.keyboard.press("Escape");
  await terminal.expectRow("key-$'\\E'");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("the first link leads past the navigation", async ({ page, server }) => {
  await running(server, page, "stoker");
  await page.goto("/agents");
  await interactive(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("group", { name: "Show" }).getByRole("button").first()).toBeFocused();
});
