// What a terminal in a real browser must bear: agents that print anything, the clipboard, wide characters,
// and agents that are gone.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { expectLineFilled, expectWidths } from "../fixtures/widths.ts";

interface Opened {
  api: Api;
  agent: string;
  /** Puts a file into the agent's workspace. */
  put: (name: string, content: string | Buffer) => void;
}

async function openTerminal(server: AiWorker, page: Page, name: string): Promise<Opened> {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name });
  await api.reach("idle", agent);
  await page.context().addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  const put = (file: string, content: string | Buffer): void => {
    writeFileSync(join(server.data, "agents", agent, "workspace", file), content);
  };
  return { api, agent, put };
}

test("the last screen of a stopped and of a deleted agent stays readable", async ({ page, server, picture }) => {
  const { api, agent } = await openTerminal(server, page, "late");
  const { terminal } = new Dashboard(page);
  await terminal.type("seq -f 'row-%.0f' 1 300; echo last-$((2+3))");
  await terminal.expectRow("last-5");
  expect((await api.send("POST", `/api/agents/${agent}/stop`)).ok()).toBe(true);
  await api.reach("stopped", agent);

  await page.goto(`/agent-terminal/${agent}`);
  const kept = page.getByRole("region", { name: "Last screen" });
  await expect(kept).toContainText("last-5");
  await expect(kept, "what scrolled away is there, too").toContainText("row-7\n");
  await picture(page, "last-screen-terminal");
  await page.goto(`/agents/${agent}`);
  await expect(kept).toContainText("last-5");
  await picture(page, "last-screen-agent");

  await page.goto("/agents");
  expect((await api.send("DELETE", `/api/agents/${agent}`)).ok()).toBe(true);
  const gone = page.getByText("Recently deleted");
  await gone.click();
  await picture(page, "recently-deleted");
  await page.getByRole("link", { name: "late" }).click();
  await expect(kept).toContainText("last-5");
  await expect(page.getByText("This agent was deleted.")).toBeVisible();
  await picture(page, "last-screen-gone");
});

test.describe("with a clipboard", () => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

  test("tmux may fill the clipboard, and nobody in the agent reads it or fills it past tmux", async ({ page, server }) => {
    await openTerminal(server, page, "clip");
    const { terminal } = new Dashboard(page);
    const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await terminal.type("tmux set-buffer -w copied-by-tmux; echo set-$((1+1))");
    await terminal.expectRow("set-2");
    await expect.poll(clipboard).toBe("copied-by-tmux");

    // What a program asks or sets ends at tmux. To the viewer's own terminal it would have to be written past tmux.
    const secret = Buffer.from("from-a-program").toString("base64");
    await terminal.type(`printf '\\033]52;c;?\\a'; printf '\\033]52;c;${secret}\\a'; IFS= read -rsn1 -t 1 key; echo "answer<$key>"`);
    await terminal.expectRow("answer<>");
    await terminal.type(`printf '\\033]52;c;?\\a' >$(tmux list-clients -F '#{client_tty}' | head -1); IFS= read -rsn1 -t 1 key; echo "again<$key>"`);
    await terminal.expectRow("again<>");
    expect(await clipboard()).toBe("copied-by-tmux");
  });

  test("a copy may be large, not boundless, and comes only to who looks at the page", async ({ page, server }) => {
    await page.addInitScript(() => {
      const copied: number[] = [];
      Object.assign(window, { copied });
      const write = Clipboard.prototype.writeText;
      Clipboard.prototype.writeText = function (text) {
        copied.push(text.length);
        return write.call(this, text);
      };
    });
    const { put } = await openTerminal(server, page, "clip");
    const { terminal } = new Dashboard(page);
    const copied = (): Promise<number[]> => page.evaluate(() => (window as unknown as { copied: number[] }).copied);
    // As base64 has it: a hundred thousand characters, and the next more.
    put("most", "m".repeat(75_000));
    put("more", "n".repeat(75_001));
    const copy = async (name: string): Promise<void> => {
      await terminal.type(`clear; tmux load-buffer -w ${name}; echo ${name}-$((1+1))`);
      await terminal.expectRow(`${name}-2`);
    };
    await copy("most");
    await expect.poll(copied).toEqual([75_000]);
    await copy("more");
    expect(await copied()).toEqual([75_000]);

    const look = (away: boolean): Promise<void> =>
      page.evaluate((away) => {
        document.hasFocus = () => !away;
      }, away);
    put("small", "small");
    await look(true);
    await copy("small");
    expect(await copied(), "while another window has the focus").toEqual([75_000]);
    await look(false);
    await copy("small");
    await expect.poll(copied).toEqual([75_000, 5]);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("small");
  });
});

test.describe("with what a person selects", () => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

  test("it is copied as soon as it is selected, and many lines are pasted only after a question", async ({ page, server }) => {
    await openTerminal(server, page, "select");
    const { terminal } = new Dashboard(page);
    const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await terminal.type("clear; echo chosen-$((1+1))");
    await terminal.expectRow(/^chosen-2/);
    const row = await terminal.screen.locator("> div").filter({ hasText: /^chosen-2/ }).boundingBox();
    await page.mouse.dblclick((row?.x ?? 0) + 20, (row?.y ?? 0) + (row?.height ?? 0) / 2);
    await expect.poll(clipboard).toBe("chosen-2");

    // A program that takes each line at once. The shell before it would take a paste as one.
    await terminal.type("echo begun-$((1+1)); cat >/dev/null");
    await terminal.expectRow(/^begun-2/);
    await page.evaluate(() => navigator.clipboard.writeText("one\ntwo\nthree\n"));
    const asked: string[] = [];
    page.once("dialog", (question) => {
      asked.push(question.message());
      void question.dismiss();
    });
    await page.keyboard.press("Control+Shift+V");
    await expect.poll(() => asked.length).toBe(1);
    expect(asked[0]).toContain("Paste 3 lines?");
    await page.evaluate(() => navigator.clipboard.writeText("one line"));
    await page.keyboard.press("Control+Shift+V");
    await terminal.expectRow("one line");
    await expect(terminal.screen).not.toContainText("three");
  });
});

test("whatever is printed stays inside the terminal, is not typed back, and does not stall the page", async ({ page, server }) => {
  const { put } = await openTerminal(server, page, "fuzz");
  const { terminal } = new Dashboard(page);
  let seed = 11;
  const dice = (end: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % end;
  const introducers = ["\x1b]0;", "\x1b]2;", "\x1b]8;;", "\x1b]52;c;", "\x1bP", "\x1b_", "\x1b^", "\x1b[", "\x1b[?", "\x1b[>", "\x1b#", "\x9b", "\x90", "\x9d"];
  const parts = [
    "\x1b]0;<img src=x onerror=alert(1)>\x07",
    "\x1b]2;</title><script>window.injected=1</script>\x1b\\",
    "\x1b]8;;javascript:window.injected=1\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]8;;data:text/html,<script>alert(1)</script>\x07more\x1b]8;;\x07",
    "<script>window.injected=1</script><img src=x onerror=window.injected=1>",
    "\x1bPtmux;\x1b\x1b]52;c;?\x07\x1b\\",
    "\x1b[c\x1b[>c\x1b[6n\x1b[5n\x1b[18t\x1b[21t\x1b]10;?\x07\x1b]4;1;?\x07\x1b[?2026$p\x05",
    `\x1bP${"q".repeat(100_000)}\x1b\\`,
    `\x1b]0;${"t".repeat(10_000_000)}\x07`,
    `\x1b[${"9;".repeat(5000)}m\x1b[99999999A\x1b[99999999X\x1b[2147483648L`,
  ];
  for (let count = 0; count < 4000; count++) {
    parts.push((introducers[dice(introducers.length)] ?? "") + String.fromCharCode(...Array.from({ length: dice(24) }, () => dice(256))));
  }
  put("corpus", Buffer.from(parts.join("\x18\x1b\\\r\n"), "latin1"));

  await page.evaluate(() => {
    const stalls: number[] = [];
    Object.assign(window, { stalls });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => stalls.push(entry.duration))).observe({ type: "longtask" });
  });
  const elements = (): Promise<string[]> =>
    page.evaluate(() => [...document.querySelectorAll("script, iframe, object, embed, a[href^=javascript], a[href^=data]")].map((one) => one.outerHTML));
  const before = await elements();
  const title = await page.title();
  // Whoever asks what kind of terminal this is gets an answer, from tmux: numbers. Nothing else may come as if it were typed.
  await terminal.type("cat corpus; printf '\\033c\\033[?1049l'; clear; tput reset; while IFS= read -rsn1 -t 1 key; do printf 'key<%q>' \"$key\"; done; echo quiet-$((3+3))");
  await terminal.expectRow("quiet-6");
  const shown = (await terminal.screen.textContent()) ?? "";
  const keys = [...shown.matchAll(/key<(.+?)>(?=key<|quiet-6)/g)].map(([, key = ""]) => (key === "$'\\E'" ? "\x1b" : key.replace(/^\\/, "")));
  expect(keys.join("")).toMatch(/^(\x1b\[[?>]?[\d;]*[cnRt])*$/);
  expect(await page.evaluate(() => (window as unknown as { injected?: number }).injected)).toBeUndefined();
  expect(await elements()).toEqual(before);
  expect(await page.title()).toBe(title);
  const stalls = await page.evaluate(() => (window as unknown as { stalls: number[] }).stalls);
  expect(Math.max(0, ...stalls), "the longest task in ms").toBeLessThan(2000);
});

test("wide characters and emoji are as wide as tmux takes them", async ({ page, server }) => {
  await openTerminal(server, page, "wide");
  const { terminal } = new Dashboard(page);
  await expectWidths(terminal);
  await expectLineFilled(terminal);
});

test("fifty terminals opened and closed leave nothing on the page", async ({ page, server }) => {
  await openTerminal(server, page, "often");
  const { terminal } = new Dashboard(page);
  await terminal.expectRow(/[$#]\s*$/);
  await page.goto("/agents");
  for (let time = 0; time < 50; time++) {
    await page.getByRole("row", { name: /often/ }).getByRole("button", { name: "Open terminal" }).click();
    const dialog = page.getByRole("dialog", { name: "Open terminal" });
    await expect(dialog.getByRole("region", { name: "Terminal" })).toContainText("Connected");
    await dialog.getByRole("button", { name: /close/i }).click();
    await expect(dialog).toBeHidden();
  }
  await expect(page.locator(".xterm")).toHaveCount(0);
});
