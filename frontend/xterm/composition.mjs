// What an input method composes is typed once. xterm waits for the field to have it in a timer, one for each text that is finished. When the
// page is busy several of them stand in line, and the second one types again what came after its own text, if another one has been
// finished meanwhile; a key that comes then types the last text only. Here one timer types all that has been finished.

/** Takes over from xterm when what was composed is typed. Returns how to stop. */
export function typeComposed(terminal) {
  const helper = terminal._core._compositionHelper;
  const place = helper._compositionPosition;
  /** Where the first text begins that was finished and not typed yet. */
  let from = 0;
  let timer;

  const type = (to) => {
    clearTimeout(timer);
    timer = undefined;
    helper._isSendingComposition = false;
    const typed = helper._textarea.value.substring(from, to);
    if (typed !== "") terminal.input(typed, true);
  };
  helper._finalizeComposition = (waits) => {
    helper._compositionView.classList.remove("active");
    helper._isComposing = false;
    const isWaiting = timer !== undefined;
    if (!isWaiting) from = place.start;
    if (!waits) {
      // Where it ends xterm notes in a timer, too, and a busy page is not there yet.
      type(isWaiting ? undefined : place.end);
      return;
    }
    helper._isSendingComposition = true;
    if (isWaiting) return;
    timer = setTimeout(() => {
      // A key may have typed some of it.
      from += helper._dataAlreadySent.length;
      // What is being composed now comes later. A letter that was not composed comes along.
      type(helper._isComposing ? place.start : undefined);
    });
  };
  return () => clearTimeout(timer);
}
