// What a person does with a terminal besides typing: search, download, font size, reading aloud, the keys that phones lack;
// and the guards of the clipboard. Fetched together with xterm.

import { typeComposed } from "./composition.mjs";
import { linesOf } from "./lines.mjs";
import { ReadingAloud } from "./reading-aloud.mjs";
import { typeUnnamed } from "./unnamed-keys.mjs";
import { countAsTmux } from "./widths.mjs";

/** Most bytes that an agent may put on the clipboard. */
const COPY_MAX = 100_000;
/** A paste of more lines than this is asked about where the program would run each of them at once. */
const PASTE_LINES = 1;
/** When nothing came for so long after the screen started over, the history is there, in milliseconds. */
const HISTORY_PAUSE = 150;
const FONT = { usual: 13, least: 8, most: 32, key: "terminal-font-size" };
const KEYS = { escape: "\x1b", tab: "\t", interrupt: "\x03", enter: "\r", up: "A", down: "B", right: "C", left: "D" };

/** Where it is kept that screen readers are told what is printed. */
const READING = "terminal-reading";

const recall = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing for this site
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it lasts as long as the page.
  }
};

class Tools {
  #terminal;
  #host;
  #readingAloud;
  #found;
  #back = 0;
  #returning;
  #control = false;
  #undo = [];

  constructor(terminal, host) {
    this.#terminal = terminal;
    this.#host = host;
    this.#readingAloud = new ReadingAloud(terminal);
    this.#resize(Number(recall(FONT.key)) || FONT.usual);
    this.#guardPaste();
    this.#scrollByTouch();
    this.#copySelected();
    this.#restUnseen();
    this.#undo.push(countAsTmux(terminal), typeComposed(terminal), typeUnnamed(terminal, host));
    // Programs may fill the clipboard of whoever looks at the page, and never read it.
    const copying = terminal.parser.registerOscHandler(52, (data) => this.#copy(data));
    this.#undo.push(() => copying.dispose());
  }

  find(text, up) {
    if (text === "") return false;
    const wanted = text.toLowerCase();
    const hits = [];
    for (const { row, text: line } of linesOf(this.#terminal)) {
      const lower = line.toLowerCase();
      for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) hits.push({ row, at });
    }
    if (hits.length === 0) return false;
    const last = this.#found?.wanted === wanted ? this.#found : undefined;
    const order = (hit) => hit.row * 1e6 + hit.at;
    const here = last ? order(last) : Infinity;
    const next = up ? hits.findLast((hit) => order(hit) < here) : hits.find((hit) => order(hit) > here);
    const hit = next ?? (up ? hits.at(-1) : hits[0]);
    this.#found = { ...hit, wanted };
    const columns = this.#terminal.cols;
    const row = hit.row + Math.floor(hit.at / columns);
    this.#terminal.select(hit.at % columns, row, text.length);
    this.#terminal.scrollToLine(Math.max(0, row - Math.floor(this.#terminal.rows / 2)));
    return true;
  }

  /** Screen and history are about to come anew. Rows get other numbers; whoever reads back is to stay about there. */
  startOver() {
    const { baseY, viewportY } = this.#terminal.buffer.active;
    this.#found = undefined;
    this.#back ||= baseY - viewportY;
  }

  /** All that came is shown. */
  settle() {
    this.#readingAloud.settle();
    if (this.#back === 0) return;
    clearTimeout(this.#returning);
    this.#returning = setTimeout(() => {
      // A text that was looked for, or the person, has found a place meanwhile.
      const { baseY, viewportY } = this.#terminal.buffer.active;
      if (!this.#found && viewportY === baseY) this.#terminal.scrollToLine(Math.max(0, baseY - this.#back));
      this.#back = 0;
    }, HISTORY_PAUSE);
  }

  download(name) {
    const text = linesOf(this.#terminal).map((line) => line.text).join("\n").trimEnd();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text, "\n"], { type: "text/plain" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  zoom(pixels) {
    const size = pixels === 0 ? FONT.usual : this.#terminal.options.fontSize + pixels;
    this.#resize(Math.min(FONT.most, Math.max(FONT.least, size)));
    remember(FONT.key, String(this.#terminal.options.fontSize));
  }

  /** Whether it was asked for last time. */
  recallsReading() {
    return recall(READING) === "on";
  }

  readAloud(on) {
    remember(READING, on ? "on" : "off");
    this.#readingAloud.turn(on);
    this.#terminal.focus();
  }

  press(key) {
    this.#terminal.focus();
    if (key === "control") {
      this.#awaitControl();
      return;
    }
    const text = KEYS[key];
    const isArrow = text.length === 1 && text >= "A" && text <= "D";
    const prefix = this.#terminal.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[";
    this.#terminal.input(isArrow ? prefix + text : text, true);
  }

  dispose() {
    clearTimeout(this.#returning);
    this.#readingAloud.dispose();
    for (const undo of this.#undo) undo();
  }

  #resize(size) {
    if (this.#terminal.options.fontSize === size) return;
    this.#terminal.options.fontSize = size;
    // Whoever watches the size of the element fits the terminal to it.
    this.#host.dispatchEvent(new Event("terminal-cells"));
  }

  /** The next character that is typed is taken together with Ctrl. On-screen keyboards send text, not keys. It is caught on its way to
   *  xterm, which listens where it is typed and was there first. */
  #awaitControl() {
    if (this.#control) return;
    this.#control = true;
    const take = (event) => {
      const character = event.type === "keydown" ? event.key : event.data;
      if (character?.length !== 1) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      stop();
      this.#terminal.input(String.fromCharCode(character.toUpperCase().charCodeAt(0) & 31), true);
    };
    const stop = () => {
      this.#control = false;
      for (const name of ["keydown", "beforeinput"]) this.#host.removeEventListener(name, take, true);
    };
    for (const name of ["keydown", "beforeinput"]) this.#host.addEventListener(name, take, true);
    setTimeout(stop, 5_000);
  }

  /** xterm 6 does not scroll under a finger: the lines follow it. */
  #scrollByTouch() {
    let last;
    let rest = 0;
    const begin = ({ touches }) => {
      last = touches.length === 1 ? touches[0].clientY : undefined;
      rest = 0;
    };
    const move = (event) => {
      const screen = this.#terminal.element?.querySelector(".xterm-screen");
      if (last === undefined || event.touches.length !== 1 || !screen) return;
      const y = event.touches[0].clientY;
      rest += ((last - y) * this.#terminal.rows) / screen.clientHeight;
      last = y;
      const lines = Math.trunc(rest);
      rest -= lines;
      if (lines !== 0) this.#terminal.scrollLines(lines);
      // The page stays where it is.
      event.preventDefault();
    };
    this.#host.addEventListener("touchstart", begin, { passive: true });
    this.#host.addEventListener("touchmove", move, { passive: false });
    this.#undo.push(() => {
      this.#host.removeEventListener("touchstart", begin);
      this.#host.removeEventListener("touchmove", move);
    });
  }

  /** What the mouse has selected is copied, as terminals do. The browser asks xterm what it is, so it also works without HTTPS. */
  #copySelected() {
    const copy = () => this.#terminal.hasSelection() && document.execCommand("copy");
    const begin = () => document.addEventListener("mouseup", () => setTimeout(copy), { once: true });
    this.#host.addEventListener("mousedown", begin);
    this.#undo.push(() => this.#host.removeEventListener("mousedown", begin));
  }

  /** xterm stops drawing what nobody sees, but for this: after each scroll it draws all rows, for a selection that may have moved. It
   *  draws them anyway once they are seen again. */
  #restUnseen() {
    const service = this.#terminal._core._renderService;
    const draw = service.handleSelectionChanged.bind(service);
    service.handleSelectionChanged = (...selection) => service._isPaused || draw(...selection);
  }

  #guardPaste() {
    const guard = (event) => {
      const lines = (event.clipboardData?.getData("text/plain") ?? "").trimEnd().split(/\r\n|\r|\n/).length;
      if (lines <= PASTE_LINES || this.#terminal.modes.bracketedPasteMode) return;
      if (confirm(`Paste ${lines} lines? The program in the terminal may run each of them at once.`)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    this.#host.addEventListener("paste", guard, true);
    this.#undo.push(() => this.#host.removeEventListener("paste", guard, true));
  }

  #copy(data) {
    const text = data.slice(data.indexOf(";") + 1);
    if (text === "?" || text.length > COPY_MAX || !document.hasFocus()) return true;
    try {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      // A browser that does not allow it says so to nobody who could do anything about it.
      navigator.clipboard?.writeText(new TextDecoder().decode(bytes)).catch(() => {});
    } catch {
      // It was not base64.
    }
    return true;
  }
}

export const equip = (terminal, host) => new Tools(terminal, host);
