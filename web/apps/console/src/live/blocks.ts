/** Cuts a stream into its blocks; a comment on its own is a block, since a heartbeat has no empty line behind it. */
export function blocks(found: (text: string) => unknown): (piece: string) => void {
  let lines: string[] = [];
  let rest = "";
  const line = (text: string) => {
    if (text === "") {
      if (lines.length > 0) found(lines.join("\n"));
      lines = [];
    } else if (text.startsWith(":") && lines.length === 0) found(text);
    else lines.push(text);
  };
  return (piece) => {
    const parts = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop()!;
    parts.forEach(line);
  };
}
