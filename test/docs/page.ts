import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a page. */
export interface Block {
  /** `path:line` of its first line. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** The file as which the block is stored: `<!-- file NAME -->` before it, or the name in the comment that is its first line. */
  readonly file: string | undefined;
  /** Why the block is not run: `<!-- not run: REASON -->` before it. */
  readonly notRun: string | undefined;
  /** Expected exit code of an `sh` block: `<!-- exit N -->` before it. Otherwise 0. */
  readonly exitCode: number;
  /** What a terminal shows after an `sh` block: the block that follows it. */
  readonly output?: string;
}

/** A page whose blocks a test runs in order, in one folder. */
export interface Page {
  /** Path from the root of the repository. */
  readonly name: string;
  readonly blocks: readonly Block[];
  /** `<!-- sample data -->`: data/ and examples/ exist at the start. Otherwise, the folder is empty. */
  readonly sampleData: boolean;
  /** `<!-- s3 -->`: `s3://bucket/` is an empty bucket of a local server. */
  readonly s3: boolean;
  /** `<!-- tested by FILE -->`: another test runs the page. */
  readonly testedBy: string | undefined;
}

/** Returns README.md and all guides: docs/*.md and docs/scale-out/README.md. */
export function allPages(): Page[] {
  const guides = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('reference'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`);
  return ['README.md', ...guides.sort()].map((name) =>
    parsePage(name, readFileSync(join(ROOT, name), 'utf8')),
  );
}

/** Parses the blocks and comments of a page. */
export function parsePage(name: string, text: string): Page {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let marks: { notRun?: string; file?: string; exit?: string } = {};
  let end = -1;
  for (let at = 0; at < lines.length; at++) {
    const mark = /^<!-- (not run:|file|exit) (.+) -->$/.exec(lines[at]);
    if (mark !== null) marks = { ...marks, [mark[1] === 'not run:' ? 'notRun' : mark[1]]: mark[2] };
    const language = /^```(\w*)$/.exec(lines[at])?.[1];
    if (language === undefined) continue;
    const start = at + 1;
    const isNext = lines.slice(end + 1, at).every((line) => line === '');
    at = lines.indexOf('```', start);
    if (at < 0) throw new Error(`${name}:${start}: a block without an end`);
    const code = lines.slice(start, at).join('\n');
    const previous = blocks.at(-1);
    if (previous?.language === 'sh' && (language === 'text' || (isNext && /^jsonl?$|^csv$/.test(language))))
      blocks[blocks.length - 1] = { ...previous, output: code };
    else
      blocks.push({
        place: `${name}:${start + 1}`,
        language,
        code,
        file: marks.file ?? fileName(lines[start]),
        notRun: marks.notRun,
        exitCode: Number(marks.exit ?? 0),
      });
    marks = {};
    end = at;
  }
  return {
    name,
    blocks,
    sampleData: /^<!-- sample data -->$/m.test(text),
    s3: /^<!-- s3 -->$/m.test(text),
    testedBy: /^<!-- tested by (\S+) -->$/m.exec(text)?.[1],
  };
}

function fileName(line: string): string | undefined {
  return /^(?:\/\/|#|--|<!--) ((?:[\w.-]+\/)*[\w-]*\.[\w.-]+)(?: -->)?$/.exec(line)?.[1];
}

/**
 * Whether lines match the output that a page shows. A line `…` stands for any number of lines, and
 * `…` in a line for any text. Numbers before a unit of time or speed always match.
 */
export function matchesOutput(text: string, shown: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escaped).join('.*?')}\n`))
    .join('');
  return new RegExp(`^${withoutTimes(pattern)}$`).test(
    `${withoutTimes(text).trimEnd()}\n`.replace(/^\n$/, ''),
  );
}

/** A command may print its speed, if it takes long enough. */
const withoutTimes = (text: string): string =>
  text
    .replace(/[\d.\\]+ (?:ms|s|min|(?:[KMG]i?)?B\\?\/s|records\\?\/s)(?!\w)/g, '# units')
    .replace(/ \\?\(# units\\?\)/g, '');

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
