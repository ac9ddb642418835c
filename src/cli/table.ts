/** Rows in columns, two spaces apart. A column whose head begins with a space is aligned to the right. */
export function tableLines(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head) => width(head.trim()));
  for (const row of rows)
    for (let i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], width(row[i] ?? ''));
  const line = (cells: readonly string[]): string =>
    heads
      .map((head, i) => padded(cells[i] ?? '', widths[i], head.startsWith(' ')))
      .join('  ')
      .trimEnd();
  return [line(heads.map((head) => head.trim())), ...rows.map(line)];
}

function padded(text: string, to: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}

/** Columns on a terminal: characters of East Asian scripts take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
