// A terminal takes the place it has: what the agent is told of its size is what is drawn, whatever the window, the font size and
// the dialog around it are.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Dashboard, type Terminal } from "../fixtures/dashboard.ts";
import { running } from "../fixtures/running.ts";
import { expect, test } from "../fixtures/test.ts";

/** Prints what the agent is told, `rows columns`, and below it a line as long as its columns; again whenever that changes. */
const TELL = `while :; do
  size=$(stty size)
  if [ "$size" != "$told" ]; then
    printf '\\033[H\\033[2J%s\\n' "$size"
    printf '%*s\\n' "\${size#* }" '' | tr ' ' x
    told=$size
  fi
  read -rt 0.1 <> <(:)
done
`;

interface Drawn {
  rows: number;
  columns: number;
  /** Whether all of it is inside the element, with less than a cell left over below and less than two at the side. */
  fits: boolean;
}

/** What is drawn, measured on the page. `undefined` while the ruler is not whole on one line. */
function drawn(terminal: Terminal): Promise<Drawn | undefined> {
  return terminal.screen.evaluate((screen) => {
    const rulers = [...screen.children].filter((row) => /^x+\s*$/.test(row.textContent ?? ""));
    const [ruler] = rulers;
    const host = screen.closest(".terminal__screen")?.getBoundingClientRect();
    if (rulers.length !== 1 || !ruler || !host) return undefined;
    const range = document.createRange();
    range.selectNodeContents(ruler);
    const length = ruler.textContent?.trimEnd().length ?? 0;
    const { width, right } = range.getBoundingClientRect();
    const { height } = ruler.getBoundingClientRect();
    const all = screen.getBoundingClientRect();
    const [cell, aside, below] = [width / length, host.right - all.right, host.bottom - all.bottom];
    // xterm keeps 14 pixels at the side for its scroll bar; 8 on every side are the page's.
    const fits = right <= host.right && aside >= 0 && aside < 2 * cell + 22 && below >= 0 && below < height + 8;
    return { rows: screen.children.length, columns: Math.round(all.width / cell), fits };
  });
}

/** Waits until the agent is told what is drawn, and gives that. */
async function agreed(terminal: Terminal): Promise<Drawn> {
  let last: Drawn | undefined;
  const agree = async (): Promise<boolean> => {
    last = await drawn(terminal);
    const told = await terminal.screen.locator("> div").first().textContent();
    return last !== undefined && last.fits && told?.trim() === `${last.rows} ${last.columns}`;
  };
  await expect.poll(agree, { message: "the agent is told what is drawn" }).toBe(true);
  if (!last) throw new Error("nothing is drawn");
  return last;
}

/** Waits for an agreement on something else than before. */
async function agreedAnew(terminal: Terminal, before: Drawn): Promise<Drawn> {
  const changed = async (): Promise<boolean> => {
    const now = await drawn(terminal);
    return now !== undefined && (now.rows !== before.rows || now.columns !== before.columns);
  };
  await expect.poll(changed, { message: "another size is drawn" }).toBe(true);
  return agreed(terminal);
}

async function resizes(page: Page, terminal: Terminal): Promise<void> {
  const first = await agreed(terminal);
  await page.setViewportSize({ width: 830, height: 500 });
  const small = await agreedAnew(terminal, first);
  expect(small.rows).toBeLessThan(first.rows);
  expect(small.columns).toBeLessThan(first.columns);
  await page.setViewportSize({ width: 1500, height: 900 });
  const large = await agreedAnew(terminal, small);
  expect(large.rows).toBeGreaterThan(first.rows);
  expect(large.columns).toBeGreaterThan(first.columns);
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(await agreedAnew(terminal, large), "as it was").toEqual(first);
}

test("on a page of its own it follows the window", async ({ page, server }) => {
  const { agent, put } = await running(server, page, "tailor");
  put("tell", TELL);
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("bash tell");
  await resizes(page, terminal);
});

test("in its dialog it follows the window", async ({ page, server }) => {
  const { put } = await running(server, page, "tailor");
  put("tell", TELL);
  await page.goto("/agents");
  const dashboard = new Dashboard(page);
  await dashboard.press("tailor", "Open terminal");
  await expect(page.getByRole("dialog", { name: "Open terminal" })).toBeVisible();
  await dashboard.terminal.type("bash tell");
  await resizes(page, dashboard.terminal);
});

test("while it is hidden it keeps its size", async ({ page, server }) => {
  const { agent, put } = await running(server, page, "tailor");
  put("tell", TELL.replace("told=$size", "told=$size; echo $size >>sizes"));
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("bash tell");
  const first = await agreed(terminal);
  for (const display of ["none", ""]) {
    // What is hidden has no role.
    await page.locator("[aria-label=Terminal]").evaluate(async (region, value) => {
      (region as HTMLElement).style.display = value;
      // Longer than a terminal waits for a size to settle, twice.
      await new Promise((later) => setTimeout(later, 1000));
    }, display);
  }
  expect(await agreed(terminal)).toEqual(first);
  const sizes = readFileSync(join(server.data, "agents", agent, "workspace", "sizes"), "utf8");
  expect(sizes, "the agent was told one size").toBe(`${first.rows} ${first.columns}\n`);
});

test("another size of its letters makes other rows, and is remembered", async ({ page, server }) => {
  const { agent, put } = await running(server, page, "tailor");
  put("tell", TELL);
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("bash tell");
  await terminal.region.getByText("Tools").click();
  const first = await agreed(terminal);
  const press = (name: string): Promise<void> => terminal.region.getByRole("button", { name }).click();
  await press("Larger text");
  await press("Larger text");
  await press("Larger text");
  const larger = await agreedAnew(terminal, first);
  expect(larger.rows).toBeLessThan(first.rows);
  await page.reload();
  await terminal.region.getByText("Tools").click();
  const again = await agreed(terminal);
  expect(again, "after a reload").toEqual(larger);
  await press("Smaller text");
  await press("Smaller text");
  await press("Smaller text");
  expect(await agreedAnew(terminal, again)).toEqual(first);
});

test("it is measured only once its font is there", async ({ page, server }) => {
  const { agent } = await running(server, page, "tailor");
  await page.addInitScript(() => {
    const load = document.fonts.load.bind(document.fonts);
    const arrived = new Promise<void>((arrive) => Object.assign(window, { arrive }));
    document.fonts.load = async (font, ...more) => {
      Object.assign(window, { awaited: font });
      await arrived;
      return load(font, ...more);
    };
  });
  await page.goto(`/agent-terminal/${agent}`);
  await page.waitForFunction(() => "awaited" in window);
  const { terminal } = new Dashboard(page);
  await expect(terminal.region.locator(".xterm")).toHaveCount(0);
  const [awaited, styled] = await terminal.region.locator(".terminal__screen").evaluate((host) => {
    const { awaited, arrive } = window as unknown as { awaited: string; arrive: () => void };
    arrive();
    return [awaited, getComputedStyle(host).fontFamily];
  });
  expect(awaited).toContain(styled);
  await terminal.expectRow(/[$#]\s*$/);
});
