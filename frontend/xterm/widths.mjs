// How many columns a character takes. tmux says where things stand by its own count: where xterm counts otherwise, the rest of the line is
// beside its place. What tmux joins to one character, such as a family of emoji or ⚠ with the selector that makes it coloured, changed with
// tmux 3.4, so the agent's side says which tmux it has (docs/terminal-protocol.md).

import { Unicode11Addon } from "@xterm/addon-unicode11";

/** What xterm's own table of 2018 has otherwise than tmux with the C library of 2025, by columns: every code point was printed in tmux and
 *  the cursor asked for, as `scripts/measure-widths.mjs` does. */
const COLUMNS = [
  `898-89f 8ca-8d2 b55 c3c d81 180f 1abf-1ace 1dfa a82c d7b0-d7c6 d7cb-d7fb 10eab-10eac 10f82-10f85 11070 11073-11074 110c2 111cf
   1193b-1193c 1193e 11943 16fe4 1cf00-1cf2d 1cf30-1cf46 1e2ae`,
  `600-605 6dd 70f 8e2 1734 110bd 110cd 1f93b 1f946`,
  `31bb-31bf 3248-324f 4dc0-4dff 16ff0-16ff1 18af3-18cd5 18d00-18d08 1aff0-1aff3 1aff5-1affb 1affd-1affe 1b11f-1b122 1f6d6-1f6d7
   1f6dd-1f6df 1f6fb-1f6fc 1f7f0 1f90c 1f972 1f977-1f979 1f9a3-1f9a4 1f9ab-1f9ad 1f9cb-1f9cc 1fa74 1fa7b-1fa7c 1fa83-1fa86
   1fa96-1faac 1fab0-1faba 1fac0-1fac5 1fad0-1fad9 1fae0-1fae7 1faf0-1faf8`,
];
/** What a newer tmux makes wide whatever the C library says. */
const MADE_WIDE = "261d 26f9 270c-270d 1f1e6-1f1ff 1f3cb-1f3cc 1f574-1f575 1f590";
/** What a newer tmux joins to what stands before it: flags are made of two letters, and hands take a colour. */
const JOINING = "1f1e6-1f1ff 1f3fb-1f3ff";

/** What an older tmux gives two characters' room, though fonts draw it as one: a hand with its colour, a flag. */
const DRAWN_AS_ONE = /\p{Emoji_Modifier_Base}\ufe0f?\p{Emoji_Modifier}|\p{Regional_Indicator}{2}/gu;

const JOINER = 0x200d;
const COLOURED = 0xfe0f;
/** Most bytes that tmux joins to one character. */
const BYTES_MAX = 21;
/** The version of tmux from which on it joins and widens. */
const NEWER = [3, 4];
/** The agent's side says which tmux it has in this operating system command. Other terminals ignore it. */
const TMUX_IS = 7770;

/** The code points of some ranges. */
function* each(ranges) {
  for (const range of ranges.split(/\s+/)) {
    const [first, last = first] = range.split("-").map((hex) => Number.parseInt(hex, 16));
    for (let code = first; code <= last; code++) yield code;
  }
}

const bytesOf = (code) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

/** What xterm keeps of a character until the next one comes: `state`, its columns, and whether it became part of the one before. */
const properties = (state, columns, joins) => (state << 3) | (columns << 1) | Number(joins);
/** The state: the bytes so far, and whether a joiner is the last of them. */
const stateOf = (bytes, isOpen) => (bytes << 1) | Number(isOpen);

/** One of xterm's Unicode versions: that of a tmux. */
class Widths {
  #table;
  #isNewer;
  #onPair;
  #isAtEnd;
  #columns = new Map();
  #joining = new Set(each(JOINING));

  /** `onPair` is told of what this tmux does not join, though fonts do; `isAtEnd` says whether the line is full. */
  constructor(version, { table, isNewer, onPair, isAtEnd }) {
    this.version = version;
    this.#table = table;
    this.#isNewer = isNewer;
    this.#onPair = onPair;
    this.#isAtEnd = isAtEnd;
    for (const [columns, ranges] of COLUMNS.entries()) this.#set(ranges, columns);
    if (isNewer) this.#set(MADE_WIDE, 2);
  }

  #set(ranges, columns) {
    for (const code of each(ranges)) this.#columns.set(code, columns);
  }

  wcwidth(code) {
    return this.#columns.get(code) ?? this.#table.wcwidth(code);
  }

  charProperties(code, preceding) {
    const columns = this.wcwidth(code);
    const bytes = bytesOf(code);
    const before = { columns: (preceding >> 1) & 3, bytes: preceding >> 4, isOpen: ((preceding >> 3) & 1) === 1 };
    const isPair = this.#joining.has(code) && before.bytes > 1;
    const widens = this.#isNewer && (isPair || code === COLOURED);
    if (isPair) this.#onPair?.();
    const wants = columns === 0 || widens || (before.isOpen && bytes > 1);
    if (!wants || before.columns === 0 || before.bytes + bytes > BYTES_MAX) return properties(stateOf(bytes, code === JOINER), columns, false);
    // In the last column tmux leaves it where it is, and xterm would carry it over to the next line.
    const isWide = before.columns === 2 || (widens && !this.#isAtEnd());
    return properties(stateOf(before.bytes + bytes, code === JOINER), isWide ? 2 : 1, true);
  }
}

/** Counts as the agent's tmux does, as soon as that is known. Returns how to stop. */
export function countAsTmux(terminal) {
  let table;
  // The addon gives its table to whom it takes for a terminal.
  new Unicode11Addon().activate({ unicode: { register: (provider) => (table = provider) } });
  let drawing;
  // It costs something with each row that is drawn, so it waits for the first pair.
  const onPair = () => (drawing ??= terminal.registerCharacterJoiner(drawnAsOne));
  const isAtEnd = () => terminal.buffer.active.cursorX >= terminal.cols;
  const older = new Widths("tmux before 3.4", { table, isNewer: false, onPair, isAtEnd });
  const newer = new Widths("tmux", { table, isNewer: true, isAtEnd });
  terminal.unicode.register(older);
  terminal.unicode.register(newer);
  terminal.unicode.activeVersion = newer.version;
  const listening = terminal.parser.registerOscHandler(TMUX_IS, (version) => {
    const isOlder = isBefore(version, NEWER);
    terminal.unicode.activeVersion = (isOlder ? older : newer).version;
    return true;
  });
  return () => listening.dispose();
}

/** Whether a version as tmux says it (`3.5a`, `next-3.6`) is before this one. */
function isBefore(version, [major, minor]) {
  const [, itsMajor, itsMinor] = version.match(/(\d+)\.(\d+)/)?.map(Number) ?? [];
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}

const drawnAsOne = (text) => [...text.matchAll(DRAWN_AS_ONE)].map(({ 0: drawn, index }) => [index, index + drawn.length]);
