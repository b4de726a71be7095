// What every terminal uses. It is fetched as one file: xterm and its addons have much in common, which one file has to hold only once.

export { Terminal } from "@xterm/xterm";
export { FitAddon } from "@xterm/addon-fit";
export { WebLinksAddon } from "@xterm/addon-web-links";
export { equip } from "./tools.mjs";
