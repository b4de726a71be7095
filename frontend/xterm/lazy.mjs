// Stands in for xterm and its addons until a terminal is shown.
//
// wasm-bindgen turns the bindings of xterm-js-rs into static imports, which every page would have to load. The import
// map points all of them here instead: this file is small, and `load()` fetches the real modules once, on demand.
// See docs/adr for the decision.

const here = new URL(".", import.meta.url);
const real = {};
let loading;
/** Whether there is a graphics card, once somebody has asked. */
let card;

const fetchModule = async (file) => Object.assign(real, await import(new URL(file, here)));

/** Fetches xterm and the addons that every terminal uses. Safe to call again; a failure may be tried again. */
export function load() {
  loading ??= fetchModule("terminal.mjs").catch((error) => {
    loading = undefined;
    throw error;
  });
  // Beside it instead of after it. Who needs it asks again.
  loadWebgl().catch(() => {});
  return loading;
}

/** Names of drivers that emulate a graphics card. Browsers do not always count them as slow. */
const EMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** What draws: browsers that hide it from the standard query tell it to this extension. */
function rendererOf(context) {
  const name = context.getParameter(context.RENDERER);
  if (name !== "WebKit WebGL") return name;
  const extension = context.getExtension("WEBGL_debug_renderer_info");
  return extension ? context.getParameter(extension.UNMASKED_RENDERER_WEBGL) : name;
}

/** Whether a graphics card draws WebGL here. Emulated, it is slower than xterm's own renderer, whose text is in the page. */
function findCard() {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const isReal = !EMULATED.test(rendererOf(context));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return isReal;
}

/** Gives a terminal its tools. Only after `load()`. */
export const equip = (terminal, host) => real.equip(terminal, host);

/** Fetches the WebGL renderer where it is of use, and says whether it is. A terminal works without it. */
export async function loadWebgl() {
  card ??= findCard();
  if (!card) return false;
  await fetchModule("graphics.mjs");
  return real.hasRoom();
}

// A constructor that returns an object yields that object: `new Terminal()` here is xterm's own.
const proxy = (name) =>
  class {
    constructor(...args) {
      return new real[name](...args);
    }
  };

export const Terminal = proxy("Terminal");
export const FitAddon = proxy("FitAddon");
export const WebLinksAddon = proxy("WebLinksAddon");
export const WebglAddon = proxy("WebglAddon");
