// Phones' keyboards send text that no key stands for: each key is "229", and what it did is seen in the field alone. xterm compares the
// field before and after such a key in a timer, so of letters that come in one turn it types the later ones again, and a letter that
// comes after the timer it does not see. Here the field is compared at each change. What is composed is left to
// xterm, which types it once it is finished.

/** The code of a key that an input method has taken. */
const UNNAMED = 229;
const DELETE = "\x7f";

/** What is to be typed so that what stood there before becomes what stands there after. */
function typedBetween(before, after) {
  const [old, now] = [Array.from(before), Array.from(after)];
  let same = 0;
  while (same < old.length && old[same] === now[same]) same += 1;
  const added = now.slice(same).join("").replaceAll("\n", "\r");
  return DELETE.repeat(old.length - same) + added;
}

/** Types in a terminal what such keys change in its field. Returns how to stop. */
export function typeUnnamed(terminal, host) {
  let isUnnamed = false;
  // xterm has not typed yet what was composed, and takes a letter that follows it along.
  let isFinishing = false;
  let before = "";
  const listeners = {
    keydown: (event) => {
      isUnnamed = event.keyCode === UNNAMED && !event.isComposing && !isFinishing;
      if (!isUnnamed) return;
      event.stopPropagation();
      before = event.target.value;
    },
    compositionstart: () => (isUnnamed = false),
    input: (event) => {
      if (!isUnnamed || event.isComposing) return;
      event.stopPropagation();
      const after = event.target.value;
      terminal.input(typedBetween(before, after), true);
      before = after;
    },
  };
  // After xterm's own, and so is the timer.
  const finish = () => {
    isFinishing = true;
    setTimeout(() => (isFinishing = false));
  };
  for (const [name, listener] of Object.entries(listeners)) host.addEventListener(name, listener, true);
  host.addEventListener("compositionend", finish);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) host.removeEventListener(name, listener, true);
    host.removeEventListener("compositionend", finish);
  };
}
