// Text that no single key stands for: what an input method composes, and what a phone's keyboard sends. Chromium is told what an
// input method would tell it; what arrives is what the agent's program reads.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CDPSession, type Page, devices } from "@playwright/test";
import { Dashboard } from "../fixtures/dashboard.ts";
import { running } from "../fixtures/running.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";

/** Keeps every byte that is typed in a file, as it comes, until it is interrupted from the outside. */
const KEEP = `stty -echo raw
echo "ready"
exec cat >typed
`;

/** What the page can do besides. */
type Composer = typeof window & { composed: (text: string) => void };

interface Typing {
  cdp: CDPSession;
  /** How many frames of input the page has sent, once xterm has dealt with everything before. */
  sent: () => Promise<number>;
  /** What the program has read. */
  read: () => string;
}

async function typing(server: AiWorker, page: Page): Promise<Typing> {
  await page.addInitScript(() => {
    const frames = { input: 0 };
    /** Composes a text in the field that has the focus, and finishes it. */
    const composed = (data: string): void => {
      const field = document.activeElement as HTMLTextAreaElement;
      const tell = (type: string, data: string): boolean => field.dispatchEvent(new CompositionEvent(type, { data, bubbles: true }));
      tell("compositionstart", "");
      field.value += data;
      tell("compositionupdate", data);
      tell("compositionend", data);
    };
    Object.assign(window, { frames, composed });
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
      if (ArrayBuffer.isView(data) && new Uint8Array(data.buffer, data.byteOffset, 1)[0] === 0x01) frames.input += 1;
      send.call(this, data);
    };
  });
  const { agent, put } = await running(server, page, "scribe");
  put("keep", KEEP);
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("clear; bash keep");
  await terminal.expectRow(/^ready/);
  const path = join(server.data, "agents", agent, "workspace", "typed");
  await expect.poll(() => existsSync(path)).toBe(true);
  const sent = (): Promise<number> =>
    page.evaluate(async () => {
      // xterm looks at its field again after each event, in a timer of no length. Timers of one length come in order.
      for (let turn = 0; turn < 3; turn++) await new Promise((next) => setTimeout(next, 0));
      return (window as unknown as { frames: { input: number } }).frames.input;
    });
  const cdp = await page.context().newCDPSession(page);
  return { cdp, sent, read: () => readFileSync(path, "utf8") };
}

/** The text that is being composed is this now. The key that led to it is the input method's own. */
async function compose(cdp: CDPSession, text: string): Promise<void> {
  await ofTheMethod(cdp, "Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
}

/** What was composed becomes this, for good. */
async function commit(cdp: CDPSession, text: string): Promise<void> {
  await ofTheMethod(cdp, "Input.insertText", { text });
}

async function ofTheMethod(cdp: CDPSession, ...done: Parameters<CDPSession["send"]>): Promise<void> {
  const key = { windowsVirtualKeyCode: 229, key: "Process" };
  await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key });
  await cdp.send(...done);
  await cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
}

/** What a phone's keyboard sends for letters that it does not compose: keys without a name, and text that comes by itself. All of it
 *  in one turn of the page, or each key a turn before its letter. An empty letter takes back the one before. */
async function tap(page: Page, letters: string[], { keysBefore = false } = {}): Promise<void> {
  await page.evaluate(
    async ([letters, keysBefore]) => {
      const field = document.activeElement;
      const key = (type: string): unknown => field?.dispatchEvent(new KeyboardEvent(type, { key: "Unidentified", keyCode: 229, bubbles: true, cancelable: true }));
      for (const letter of letters) {
        key("keydown");
        if (keysBefore) await new Promise((next) => setTimeout(next, 0));
        // The browser's own way to change a field: with the events of a change that a person makes.
        document.execCommand(letter === "" ? "delete" : "insertText", false, letter);
        key("keyup");
      }
    },
    [letters, keysBefore] as const,
  );
}

const words = {
  Japanese: { steps: ["ｎ", "に", "にほ", "にほん", "にほんご", "日本語"], word: "日本語" },
  Korean: { steps: ["ㅎ", "하", "한"], word: "한" },
  Chinese: { steps: ["n", "ni", "ni h", "ni hao", "你好"], word: "你好" },
  "an accented letter": { steps: ["´"], word: "é" },
};

for (const [language, { steps, word }] of Object.entries(words)) {
  test(`while ${language} is composed nothing is typed, and then all of it once`, async ({ page, server }) => {
    const { cdp, sent, read } = await typing(server, page);
    const terminal = new Dashboard(page).terminal;
    const before = await sent();
    for (const step of steps) {
      await compose(cdp, step);
      await expect(terminal.region.locator(".composition-view"), "it is shown where it will stand").toHaveText(step);
      expect(await sent(), `while "${step}" is composed`).toBe(before);
    }
    expect(read()).toBe("");
    await commit(cdp, word);
    await expect.poll(read).toBe(word);
    await expect(terminal.region.locator(".composition-view")).toBeHidden();
    // A key after it comes after it, and nothing between the two.
    await page.keyboard.type("x");
    await expect.poll(read).toBe(`${word}x`);
  });
}

test("syllables that follow each other at once are each typed once", async ({ page, server }) => {
  const { cdp, read } = await typing(server, page);
  const syllables = [...Array(10)].flatMap(() => ["안", "녕", "하", "세", "요"]);
  // The page is busy meanwhile. It finds all of them together: the next one begins before it has dealt with the one before.
  const busy = page.evaluate(() => {
    for (const end = performance.now() + 200; performance.now() < end; );
  });
  const events = syllables.flatMap((syllable) => [
    cdp.send("Input.imeSetComposition", { text: "ㅇ", selectionStart: 1, selectionEnd: 1 }),
    cdp.send("Input.imeSetComposition", { text: syllable, selectionStart: 1, selectionEnd: 1 }),
    cdp.send("Input.insertText", { text: syllable }),
  ]);
  await Promise.all([busy, ...events]);
  await page.keyboard.type("x");
  await expect.poll(read).toBe(`${syllables.join("")}x`);
});

test("a syllable that is finished while others wait to be typed is typed once", async ({ page, server }) => {
  const { read } = await typing(server, page);
  await page.evaluate(() => {
    const { composed } = window as Composer;
    composed("안");
    // Between the moments at which xterm looks for the one before and the one after.
    setTimeout(() => composed("하"));
    composed("녕");
  });
  await expect.poll(read).toMatch(/하$/);
  await page.keyboard.type("x");
  await expect.poll(read).toMatch(/x$/);
  expect(read()).toBe("안녕하x");
});

test("a key that comes at once after what was composed comes after it", async ({ page, server }) => {
  const { read } = await typing(server, page);
  // All in one turn, as a busy page finds it.
  await page.evaluate(() => {
    (window as Composer).composed("日本");
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, bubbles: true, cancelable: true }));
  });
  await expect.poll(read).toMatch(/\r$/);
  expect(read()).toBe("日本\r");
});

test("a letter is typed whose key came with the end of what was composed, and which comes later itself", async ({ page, server }) => {
  const { read } = await typing(server, page);
  await page.evaluate(async () => {
    (window as Composer).composed("日本");
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Unidentified", keyCode: 229, bubbles: true, cancelable: true }));
    // Timers of one length come in order: all of what was composed is dealt with.
    for (let turn = 0; turn < 3; turn++) await new Promise((next) => setTimeout(next, 0));
    document.execCommand("insertText", false, "a");
  });
  await page.keyboard.press("Enter");
  await expect.poll(read).toMatch(/\r$/);
  expect(read()).toBe("日本a\r");
});

test("what was composed and given up is not typed", async ({ page, server }) => {
  const { cdp, sent, read } = await typing(server, page);
  const before = await sent();
  await compose(cdp, "に");
  await compose(cdp, "にほ");
  await compose(cdp, "");
  expect(await sent()).toBe(before);
  await page.keyboard.type("x");
  await expect.poll(read).toBe("x");
});

test.describe("on a phone", () => {
  const { userAgent, viewport, hasTouch, isMobile } = devices["Pixel 7"];
  test.use({ userAgent, viewport, hasTouch, isMobile });

  test("letters without keys are each typed once, and taken back", async ({ page, server }) => {
    const { sent, read } = await typing(server, page);
    const text = "git commit -m 'ümlaut'";
    for (const letter of text) {
      await tap(page, [letter]);
      await sent();
    }
    await tap(page, [""]);
    await expect.poll(read).toBe(`${text}\x7f`);
  });

  test("two hundred characters that the keyboard composes word by word are each typed once", async ({ page, server }) => {
    const { cdp, read } = await typing(server, page);
    const text = Array.from({ length: 200 }, (_, number) => "the quick brown fox, 10 times. "[number % 31]).join("");
    for (const [words] of text.matchAll(/\w+\W*/g)) {
      const word = words.trimEnd();
      // A wrong letter is corrected as the word is finished.
      for (let end = 1; end < word.length; end++) await compose(cdp, word.slice(0, end));
      await compose(cdp, `${word.slice(0, -1)}~`);
      await commit(cdp, words);
    }
    await page.keyboard.press("Enter");
    await expect.poll(read).toBe(`${text}\r`);
  });

  test("letters that come together are each typed once", async ({ page, server }) => {
    const { read } = await typing(server, page);
    await tap(page, ["a", "b", "c"]);
    await page.keyboard.press("Enter");
    await expect.poll(read).toMatch(/\r$/);
    expect(read()).toBe("abc\r");
  });

  test("what is pasted after such a letter is typed once", async ({ page, context, server }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { cdp, read } = await typing(server, page);
    await page.evaluate(() => navigator.clipboard.writeText("pasted"));
    await tap(page, ["a"]);
    const key = { windowsVirtualKeyCode: 229, key: "Unidentified" };
    await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key, commands: ["paste"] });
    await cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
    await page.keyboard.press("Enter");
    await expect.poll(read).toMatch(/\r$/);
    expect(read()).toBe("apasted\r");
  });

  test("a letter takes nothing back of what the field holds to be copied", async ({ page, server }) => {
    const { read } = await typing(server, page);
    // As xterm does when something is selected with a mouse.
    await page.evaluate(() => {
      const field = document.activeElement as HTMLTextAreaElement;
      field.value = "selected";
      field.select();
    });
    await tap(page, ["a"]);
    await page.keyboard.press("Enter");
    await expect.poll(read).toMatch(/\r$/);
    expect(read()).toBe("a\r");
  });

  test("a letter that comes later than its key is typed", async ({ page, server }) => {
    const { read } = await typing(server, page);
    await tap(page, ["a", "b", "c"], { keysBefore: true });
    await page.keyboard.press("Enter");
    await expect.poll(read).toMatch(/\r$/);
    expect(read()).toBe("abc\r");
  });
});
