// What a terminal holds, as text.

/** The lines of history and screen as text; a line that was wrapped is one. */
export function linesOf(terminal) {
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    const text = line.translateToString(!buffer.getLine(row + 1)?.isWrapped);
    if (line.isWrapped && lines.length > 0) lines[lines.length - 1].text += text;
    else lines.push({ row, text });
  }
  return lines;
}
