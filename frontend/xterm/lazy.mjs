// Stands in for xterm and its addons until a terminal is shown.
//
// wasm-bindgen turns the bindings of xterm-js-rs into static imports, which every page would have to load. The import
// map points all of them here instead: this file is small, and `load()` fetches the real modules once, on demand.
// See docs/adr for the decision.

const here = new URL(".", import.meta.url);
const real = {};
let loading;

const fetchModule = async (file) => Object.assign(real, await import(new URL(file, here)));

const fetchStyle = () =>
  new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("xterm.css", here);
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error("the terminal's style sheet could not be loaded"));
    };
    document.head.append(link);
  });

/** Fetches xterm and the addons that every terminal uses. Safe to call again; a failure may be tried again. */
export function load() {
  loading ??= Promise.all([
    fetchStyle(),
    fetchModule("xterm.mjs"),
    fetchModule("addon-fit.mjs"),
    fetchModule("addon-unicode11.mjs"),
    fetchModule("addon-web-links.mjs"),
  ]).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Whether the machine draws with WebGL itself. Emulated WebGL is slower than xterm's own renderer. */
function hasWebgl() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/** Fetches the WebGL renderer where it is of use, and says whether it is. A terminal works without it. */
export async function loadWebgl() {
  if (!hasWebgl()) return false;
  await fetchModule("addon-webgl.mjs");
  return true;
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
export const Unicode11Addon = proxy("Unicode11Addon");
export const WebLinksAddon = proxy("WebLinksAddon");
export const WebglAddon = proxy("WebglAddon");
