// The terminal drawn by a graphics card, and what happens when the browser takes that away.

import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { expect, test } from "../fixtures/test.ts";
import config from "../playwright.config.ts";

const usual = config.use?.launchOptions;
const emulated = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];
const args = [...(usual?.args ?? []).filter((one) => one !== "--disable-gpu"), ...emulated];
test.use({ launchOptions: { ...usual, args } });

test("a lost graphics context gives way to text", async ({ page, server, browserConsole }) => {
  // What xterm says of a context that does not come back, and of a card that is emulated and therefore slow.
  browserConsole.expect(/webgl context not restored|task queue exceeded allotted deadline/);
  // The test machine has no graphics card: the page is told that the emulated one is real.
  await page.addInitScript(() => {
    const contexts: WebGL2RenderingContext[] = [];
    Object.assign(window, { contexts });
    const getContext = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, options?: object) {
      const context = getContext.call(this, kind as "webgl2", { ...options, failIfMajorPerformanceCaveat: false });
      if (context instanceof WebGL2RenderingContext) contexts.push(context);
      return context;
    } as typeof getContext;
    const getParameter = WebGL2RenderingContext.prototype.getParameter;
    WebGL2RenderingContext.prototype.getParameter = function (name: number): unknown {
      return name === this.RENDERER ? "A graphics card" : getParameter.call(this, name);
    };
  });
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "card" });
  await api.reach("idle", agent);
  await page.context().addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  const canvas = terminal.region.locator(".xterm-screen canvas");
  await expect(canvas.first(), "WebGL draws").toBeAttached();
  await terminal.region.locator("textarea").focus();
  await page.keyboard.type("echo drawn-$((1+6))\n");
  await page.evaluate(() => {
    const { contexts } = window as unknown as { contexts: WebGL2RenderingContext[] };
    for (const context of contexts) if (!context.isContextLost()) context.getExtension("WEBGL_lose_context")?.loseContext();
  });
  // The renderer waits three seconds for the context to come back.
  await terminal.expectRow("drawn-7");
  await terminal.type("echo after-$((1+7))");
  await terminal.expectRow("after-8");
});
