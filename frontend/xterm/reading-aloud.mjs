// What a screen reader is told. xterm tells it all that is printed, and after twenty lines nothing more until a key is pressed. When a
// terminal starts over or gets another size, its screen comes again, and its history: read out, they would fill those twenty lines with
// what has been heard, and what is printed next would be kept from whoever listens. So here only what is new among it is read out.

import { linesOf } from "./lines.mjs";

/** When nothing came for so long, the screen is there again, in milliseconds. */
const PAUSE = 150;
/** A program that never pauses is heard again so long after the first of it came, in milliseconds. */
const SILENCE_MAX = 1_000;
/** Fewer lines than this may be the same by chance, such as a prompt … */
const SAME_MIN = 2;
/** … and more are not looked at. */
const SAME_MAX = 50;

/** The lines down to the last one that holds anything. */
function written(terminal) {
  const texts = linesOf(terminal).map(({ text }) => text.trimEnd());
  return texts.slice(0, texts.findLastIndex((text) => text !== "") + 1);
}

/** How many lines up from `at` are the same as those up from the end of `before`; the last one may have grown. */
function sameAt(before, now, at) {
  if (!now[at].startsWith(before.at(-1))) return 0;
  for (let same = 1; same < SAME_MAX; same++) {
    const [old, line] = [before[before.length - 1 - same], now[at - same]];
    if (old === undefined && line === undefined) return SAME_MAX;
    if (old !== line) return same;
  }
  return SAME_MAX;
}

/** What follows in `now` where `before` has ended; nothing where that is not there any more. */
function after(before, now) {
  if (before.length === 0) return now;
  let [most, place] = [SAME_MIN - 1, -1];
  for (let at = now.length - 1; at >= 0 && most < SAME_MAX; at--) {
    const same = sameAt(before, now, at);
    if (same > most) [most, place] = [same, at];
  }
  return place < 0 ? undefined : [now[place].slice(before.at(-1).length), ...now.slice(place + 1)];
}

export class ReadingAloud {
  #terminal;
  /** What tells the screen reader, while it is silent. */
  #silenced;
  #before;
  #until;
  #timer;
  #listening;

  constructor(terminal) {
    this.#terminal = terminal;
    const silence = () => {
      this.#silence();
      return false;
    };
    // A full reset is heard of before it is carried out.
    this.#listening = [terminal.parser.registerEscHandler({ final: "c" }, silence), terminal.onResize(silence)];
  }

  /** All that came is shown. */
  settle() {
    if (!this.#silenced) return;
    clearTimeout(this.#timer);
    this.#until ??= performance.now() + SILENCE_MAX;
    this.#timer = setTimeout(() => this.#speak(), Math.min(PAUSE, this.#until - performance.now()));
  }

  dispose() {
    clearTimeout(this.#timer);
    for (const listener of this.#listening) listener.dispose();
  }

  #silence() {
    const manager = this.#terminal._core._accessibilityManager.value;
    if (!manager) return;
    if (manager !== this.#silenced) {
      this.#silenced = manager;
      this.#before = written(this.#terminal);
      manager._handleChar = () => {};
    }
    // On a slow line it may take some time until any of it comes.
    this.#until = undefined;
    clearTimeout(this.#timer);
  }

  #speak() {
    const manager = this.#silenced;
    this.#silenced = undefined;
    delete manager._handleChar;
    // Switched off meanwhile.
    if (manager !== this.#terminal._core._accessibilityManager.value) return;
    const now = written(this.#terminal);
    const news = after(this.#before, now);
    // xterm leaves out what was typed, as it comes back. It is not among the news here, and would hide what is printed later.
    if (!news) manager._charsToConsume = [];
    for (const character of (news ?? now.slice(-1)).join("\n")) manager._handleChar(character);
    manager._refreshRows();
  }
}
