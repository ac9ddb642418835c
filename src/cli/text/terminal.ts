import { isatty } from 'node:tty';
import { styleText } from 'node:util';

/** Value of `--color`. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** Styles text, or returns it unchanged. */
export type Painter = (style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string) => string;

let choice: ColorChoice = 'auto';

/** Applies the value of `--color`. */
export function useColor(when: ColorChoice): void {
  choice = when;
}

/** Returns the painter for standard output or standard error. */
export function painter(descriptor: 1 | 2): Painter {
  if (!isColored(descriptor)) return (_, text) => text;
  // By default, newer versions of Node check the stream and NO_COLOR again.
  return (style, text) => styleText(style, text, { validateStream: false });
}

/**
 * Reports whether to use colors. With `auto`, colors are used on a terminal that is not dumb,
 * unless NO_COLOR is set and not empty.
 */
function isColored(descriptor: number): boolean {
  if (choice !== 'auto') return choice === 'always';
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && isatty(descriptor);
}

/**
 * Wraps the paragraphs of a text to a width. Indented lines, such as lists and examples, stay
 * unchanged.
 */
export function fill(text: string, width: number): string {
  return text.replace(/^\S.*(?:\n\S.*)*/gm, (paragraph) =>
    paragraph.split('\n').some((line) => line.length > width) ? filled(paragraph, width) : paragraph,
  );
}

function filled(paragraph: string, width: number): string {
  const lines = [''];
  for (const word of paragraph.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/**
 * Formats rows in columns that are two spaces apart. A column whose heading begins with a space is
 * right-aligned.
 */
export function tableLines(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head) => textWidth(head.trim()));
  for (const row of rows)
    for (let i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], textWidth(row[i] ?? ''));
  const line = (cells: readonly string[]): string =>
    heads
      .map((head, i) => padded(cells[i] ?? '', widths[i], head.startsWith(' ')))
      .join('  ')
      .trimEnd();
  return [line(heads.map((head) => head.trim())), ...rows.map(line)];
}

function padded(text: string, to: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, to - textWidth(text)));
  return right ? space + text : text + space;
}

/**
 * Returns the width of a text on a terminal. East Asian characters and emoji are two columns wide.
 */
export function textWidth(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

const STEPS = '▁▂▃▄▅▆▇█';

/**
 * Draws counts as a row of bars. The largest count has full height, and every nonzero count is
 * visible.
 */
export function spark(counts: readonly number[]): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  return counts
    .map((count) =>
      count === 0 ? ' ' : STEPS[Math.min(STEPS.length - 1, Math.floor((count / most) * STEPS.length))],
    )
    .join('');
}

/** Draws a fraction from 0 to 1 as a bar of up to `columns` columns. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  const rest = eighths % 8;
  const text = '█'.repeat(Math.floor(eighths / 8)) + (rest === 0 ? '' : PARTS[rest]);
  return text === '' && share > 0 ? PARTS[1] : text;
}

const PARTS = ' ▏▎▍▌▋▊▉';
