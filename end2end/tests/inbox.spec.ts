// An agent asks, a person sees it without a reload and answers with clicks, and the agent that waits has the answer.

import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";
import { call } from "../fixtures/worker.ts";

/** How people look at it: in light, in dark and on a phone. */
const LOOKS = [
  { name: "light", colorScheme: "light", size: { width: 1280, height: 800 } },
  { name: "dark", colorScheme: "dark", size: { width: 1280, height: 800 } },
  { name: "phone", colorScheme: "light", size: { width: 390, height: 844 } },
] as const;

test("a question of an agent is answered in the inbox", async ({ page, context, server, picture }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  const task = await api.task(project, "Paint the fence");
  const agent = await api.launch(project, { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  await call(server, agent, "get_next_task");
  await context.addCookies(await api.cookies());
  await page.goto("/projects");
  await interactive(page);

  const questions = page.getByRole("navigation").getByRole("link", { name: /^Questions/ });
  const shown = async (name: string): Promise<void> => {
    for (const look of LOOKS) {
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await page.setViewportSize(look.size);
      await expectAccessible(page, `${name}, ${look.name}`);
      await picture(page, `inbox-${name}-${look.name}`);
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(LOOKS[0].size);
  };

  const colours = [{ label: "Red" }, { label: "Blue", description: "As the door" }];
  let waiting: Promise<Record<string, any>> | undefined;
  await test.step("it appears by itself, with its number in the sidebar and in the title", async () => {
    await expect(page).toHaveTitle("Projects · AiWorker");
    await expect(questions).toHaveText("Questions");
    waiting = call(server, agent, "ask_user_question", {
      questions: [{ header: "Colour", question: "Which colour?", options: colours, allow_text: false }],
    });
    await expect(questions).toContainText("1");
    await expect(page).toHaveTitle("(1) Projects · AiWorker");
    await questions.click();
    await expect(page.getByRole("article")).toContainText("painter asks about Paint the fence");
    await shown("question");
  });

  await test.step("one click answers it, and the agent has the answer", async () => {
    await page.getByRole("group", { name: /Which colour\?/ }).getByRole("button", { name: "Blue" }).click();
    const heard = await waiting;
    expect(heard).toMatchObject({ status: "answered", answers: [{ selected: ["Blue"] }] });
    await expect(page.getByRole("heading", { name: "No open questions" })).toBeVisible();
    await expect(questions).toHaveText("Questions");
    await expect(page).toHaveTitle("Questions · AiWorker");
    await shown("nothing");
  });

  await test.step("two questions at once are answered with several clicks and in words", async () => {
    const sides = [{ label: "Front" }, { label: "Back" }, { label: "Gate" }];
    waiting = call(server, agent, "ask_user_question", {
      questions: [
        { header: "Sides", question: "Which sides?", options: sides, multi_select: true },
        { header: "Brush", question: "With which brush?", allow_text: true },
      ],
    });
    const asked = page.getByRole("article");
    await asked.getByLabel("Front").check();
    await asked.getByLabel("Gate").check();
    await asked.getByRole("group", { name: /brush/ }).getByLabel("Your own words").fill("The wide one");
    await shown("several");
    await asked.getByRole("button", { name: "Answer" }).click();
    const heard = await waiting;
    expect(heard?.["answers"]).toMatchObject([{ selected: ["Front", "Gate"] }, { text: "The wide one" }]);
  });

  await test.step("the task's timeline tells all of it", async () => {
    await page.goto(`/tasks/${task}`);
    await interactive(page);
    const timeline = page.getByRole("region", { name: "Timeline" });
    for (const line of [/painter asked/, /Which colour\?/, /ada answered/, /Blue/, /Front, Gate/, /The wide one/]) {
      await expect(timeline.getByText(line).first()).toBeVisible();
    }
    await shown("timeline");
  });
});

test("a question is answered in one window and gone in the other", async ({ context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Paint"), { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto("/questions");
    await interactive(page);
    return page;
  };
  const [here, there] = [await open(), await open()];
  const waiting = call(server, agent, "ask_user_question", { questions: [{ question: "Shall I?", options: [{ label: "Yes" }] }] });
  await expect(there.getByRole("article")).toContainText("Shall I?");
  await here.getByRole("button", { name: "Yes" }).click();
  expect((await waiting)["status"]).toBe("answered");
  await expect(there.getByRole("heading", { name: "No open questions" })).toBeVisible();
  await expect(there).toHaveTitle("Questions · AiWorker");
});

test("a question stands on the page of its task and of its agent, too, and is answered there", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  const task = await api.task(project, "Paint the fence");
  const agent = await api.launch(project, { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  await call(server, agent, "get_next_task");
  await context.addCookies(await api.cookies());
  const ask = (question: string): Promise<Record<string, any>> =>
    call(server, agent, "ask_user_question", { questions: [{ question, options: [{ label: "Red" }, { label: "Blue" }], allow_text: true }] });
  const section = page.getByRole("region", { name: "Questions" });

  await page.goto(`/tasks/${task}`);
  await interactive(page);
  await expect(section).toHaveCount(0);
  const colour = ask("Which colour?");
  await expect(section.getByRole("article")).toContainText("painter asks about Paint the fence");
  await expectAccessible(page, "task with a question");
  await section.getByRole("group", { name: "Which colour?" }).getByRole("button", { name: "Blue" }).click();
  expect(await colour).toMatchObject({ status: "answered", answers: [{ selected: ["Blue"] }] });
  await expect(section).toContainText("by ada");
  await expect(section.getByRole("button")).toHaveCount(0);

  await page.goto(`/agents/${agent}`);
  await interactive(page);
  await expect(section, "what was asked before").toContainText("Which colour?");
  const side = ask("Which side?");
  const asked = section.getByRole("article").filter({ hasText: "Which side?" });
  await asked.getByLabel("Your own words").fill("That of the garden");
  await expectAccessible(page, "agent with a question");
  await asked.getByRole("button", { name: "Answer" }).click();
  expect(await side).toMatchObject({ status: "answered", answers: [{ text: "That of the garden" }] });
  await expect(asked).toContainText("That of the garden");
  await page.reload();
  await expect(section.getByRole("article"), "closed ones stay").toHaveCount(2);
});
