// xterm's WebGL addon as a page with many terminals needs it: it takes few graphics contexts at a time, gives each back at once, and a
// terminal that loses its own shows its text at once.

import { WebglAddon as Addon } from "@xterm/addon-webgl";

/** Graphics contexts at one time. Browsers take the oldest away when a page has more than about sixteen. */
const CONTEXTS_MAX = 4;
let contexts = 0;

/** Whether one more terminal may be drawn by the graphics card. */
export const hasRoom = () => contexts < CONTEXTS_MAX;

/** The context that draws this terminal. What its other canvases have is none of this kind. */
function contextOf(element) {
  const canvases = [...element.querySelectorAll(".xterm-screen canvas")];
  return canvases.map((canvas) => canvas.getContext("webgl2")).find((context) => context !== null);
}

/** Gives a context back, which would otherwise be there until its canvas is collected. One that is lost has no extensions. */
const loseContext = (context) => context?.getExtension("WEBGL_lose_context")?.loseContext();

/** Tells whoever fits the terminal to its place that its cells have another size: either renderer rounds it in its own way. */
const tellOfCells = (element) => element.dispatchEvent(new Event("terminal-cells", { bubbles: true }));

export class WebglAddon extends Addon {
  #giveBack = () => {};
  #lost = () => {};

  constructor(...args) {
    super(...args);
    // The addon's own event comes after it has waited three seconds for the context to come back, with a terminal that shows nothing.
    this.onContextLoss = (listener) => {
      this.#lost = listener;
    };
  }

  activate(terminal) {
    if (!hasRoom()) throw new Error("enough terminals are drawn by the graphics card");
    const { element } = terminal;
    try {
      super.activate(terminal);
    } catch (error) {
      // It may have begun: the terminal's text is below what it has put there.
      loseContext(contextOf(element));
      for (const canvas of element.querySelectorAll(".xterm-screen canvas")) canvas.remove();
      throw error;
    }
    const context = contextOf(element);
    const lose = (event) => {
      event.stopPropagation();
      this.#lost();
      tellOfCells(element);
    };
    element.addEventListener("webglcontextlost", lose, true);
    contexts += 1;
    this.#giveBack = () => {
      this.#giveBack = () => {};
      contexts -= 1;
      element.removeEventListener("webglcontextlost", lose, true);
      loseContext(context);
    };
    tellOfCells(element);
  }

  dispose() {
    try {
      super.dispose();
    } finally {
      this.#giveBack();
    }
  }
}
