// Phones' keyboards send text that no key stands for: each key is "229", and what it did is seen in the field alone. xterm compares the
// field before and after such a key in a timer, so of letters that come in one turn it types the later ones again, and a letter that
// comes after the timer it does not see. Here the field is compared at each change. What is composed comes
// once it is finished (composition.mjs).

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
  // What was composed has not been typed yet, and a letter that comes meanwhile goes along; one that comes later nobody sees.
  let isFinishing = false;
  let isLate = false;
  let before = "";

  const begin = () => {
    const { value, selectionStart, selectionEnd } = terminal.textarea;
    // xterm puts what the mouse has selected there to be copied. That goes, and was never typed.
    before = value.slice(0, selectionStart) + value.slice(selectionEnd);
    isUnnamed = true;
  };
  const stop = () => (isUnnamed = isLate = false);
  const keydown = (event) => {
    stop();
    // A dead key is one that xterm knows, and so is Option on a Mac.
    if (event.keyCode !== UNNAMED || event.isComposing || event.altKey || event.key === "Dead") return;
    isLate = isFinishing;
    if (isLate) return;
    event.stopPropagation();
    begin();
  };
  const input = (event) => {
    isLate = false;
    // What is pasted or dropped xterm has typed already.
    if (!isUnnamed || event.isComposing || !/^(insert(Text|ReplacementText|LineBreak|Paragraph)$|delete)/.test(event.inputType)) return;
    event.stopPropagation();
    const after = terminal.textarea.value;
    const typed = typedBetween(before, after);
    before = after;
    terminal.input(typed || (event.inputType.startsWith("delete") ? DELETE : ""), true);
  };
  // After xterm's own, and so is the timer.
  const finish = () => {
    isFinishing = true;
    setTimeout(() => {
      isFinishing = false;
      if (isLate) begin();
    });
  };

  const caught = { keydown, input, compositionstart: stop, paste: stop, drop: stop, blur: stop };
  for (const [name, listener] of Object.entries(caught)) host.addEventListener(name, listener, true);
  host.addEventListener("compositionend", finish);
  return () => {
    for (const [name, listener] of Object.entries(caught)) host.removeEventListener(name, listener, true);
    host.removeEventListener("compositionend", finish);
  };
}
