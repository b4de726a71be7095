// What a screen reader is told. xterm tells it all that is printed, and after twenty lines nothing more until a key is pressed. When a
// terminal starts over, gets another size or is painted anew from its top, its screen comes again, and maybe its history: read out, they
// would fill those twenty lines with what has been heard, and what is printed next would be kept from whoever listens. So here only what
// is new among it is read out.

import { linesOf } from "./lines.mjs";

/** When nothing came for so long, the screen is there again, in milliseconds … */
const PAUSE = 150;
/** … and when it is not known whether it is, because nothing of the old one is there, for so long. */
const LONG_PAUSE = 1_000;
/** A program that never pauses is heard again so long after the first of it came, in milliseconds … */
const SILENCE_MAX = 1_000;
/** … or so long, while nothing of the old screen is there: on a slow line its history takes time. */
const LONG_SILENCE_MAX = 10_000;
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

/** What follows in `now` where `before` has ended; nothing where that is not there. */
function after(before, now) {
  if (before.length === 0) return undefined;
  let [most, place] = [SAME_MIN - 1, -1];
  for (let at = now.length - 1; at >= 0 && most < SAME_MAX; at--) {
    const same = sameAt(before, now, at);
    if (same > most) [most, place] = [same, at];
  }
  // The space behind a prompt was there before, and would set what was typed beside what comes back of it.
  return place < 0 ? undefined : [now[place].slice(before.at(-1).length).trimStart(), ...now.slice(place + 1)];
}

/** What of the screen was not there before, wherever it stands; the line that one is at where all of it was, or nothing is known. */
function unheard(before, now, rows) {
  const heard = new Set(before);
  const lines = before.length === 0 ? [] : now.slice(-rows).filter((line) => line !== "" && !heard.has(line));
  return lines.length > 0 ? lines : now.slice(-1);
}

export class ReadingAloud {
  #terminal;
  /** What tells the screen reader, while it is silent. */
  #silenced;
  #before;
  /** When the first came of what may have been heard before, and the last. */
  #first;
  #last;
  #timer;
  #listening;

  constructor(terminal) {
    this.#terminal = terminal;
    // A full reset and a move of the cursor are heard of before they are carried out, which goes on.
    const startOver = () => {
      this.#silence();
      this.#awaitAll();
      return false;
    };
    const move = ([row, column]) => {
      if (row <= 1 && !(column > 1)) this.#silence();
      return false;
    };
    this.#listening = [
      terminal.parser.registerEscHandler({ final: "c" }, startOver),
      terminal.onResize(startOver),
      terminal.parser.registerCsiHandler({ final: "H" }, move),
      terminal.onKey(() => this.#takeWhatIsThere()),
    ];
  }

  /** Begins or ends. What is there already is not read out. */
  turn(on) {
    this.#terminal.options.screenReaderMode = on;
    if (on) this.#silence();
  }

  /** All that came is shown. */
  settle() {
    if (!this.#silenced) return;
    this.#last = performance.now();
    this.#first ??= this.#last;
    this.#wait(Math.min(PAUSE, this.#first + SILENCE_MAX - this.#last));
  }

  dispose() {
    clearTimeout(this.#timer);
    for (const listener of this.#listening) listener.dispose();
  }

  #silence() {
    const manager = managerOf(this.#terminal);
    if (!manager) return;
    if (manager === this.#silenced) return;
    this.#silenced = manager;
    this.#before = written(this.#terminal);
    manager._handleChar = () => {};
    this.#awaitAll();
  }

  /** It may take some time until any of it comes. */
  #awaitAll() {
    this.#first = undefined;
    clearTimeout(this.#timer);
  }

  /** Whoever types knows where they are, however little came before. */
  #takeWhatIsThere() {
    if (this.#silenced && this.#before.length === 0) this.#before = written(this.#terminal);
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#speakOnceAllIsHere(), milliseconds);
  }

  #speakOnceAllIsHere() {
    const now = written(this.#terminal);
    const news = after(this.#before, now);
    const time = performance.now();
    const rest = Math.min(this.#last + LONG_PAUSE, this.#first + LONG_SILENCE_MAX) - time;
    if (!news && rest > 0) this.#wait(rest);
    else this.#speak(news, now);
  }

  #speak(news, now) {
    const manager = this.#silenced;
    this.#silenced = undefined;
    delete manager._handleChar;
    // Switched off meanwhile.
    if (manager !== managerOf(this.#terminal)) return;
    // xterm leaves out what was typed, as it comes back. It is not among the news here, and would hide what is printed later.
    if (!news) manager._charsToConsume = [];
    const lines = news ?? unheard(this.#before, now, this.#terminal.rows);
    for (const character of lines.join("\n")) manager._handleChar(character);
    manager._refreshRows();
  }
}

/** xterm's own part that tells screen readers, while it is asked to. */
const managerOf = (terminal) => terminal._core._accessibilityManager.value;
