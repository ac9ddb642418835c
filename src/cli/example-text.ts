import { decodeExample, decodeSequenceExample, type Feature } from 'recordpipe/example';
import { imageHeader, recordMessage } from 'recordpipe/stats';
import { hexLines } from './preview.ts';
import { formatBytes, formatNumberOf } from './sizes.ts';
import { tableLines } from './table.ts';
import { visible } from './visible.ts';

/** Characters of values that a line shows. */
const MOST_CHARACTERS = 72;
const MOST_STEPS = 3;
const HEX_LIKE = 12;

/** What a record is, and its features, a line each; undefined where it is no Example. */
export interface ExampleText {
  readonly message: 'Example' | 'SequenceExample';
  readonly lines: readonly string[];
}

/** @param names features and feature lists that are wanted; undefined: all */
export function exampleText(
  record: Uint8Array,
  names: readonly string[] | undefined,
): ExampleText | undefined {
  const { message } = recordMessage(record);
  if (message === undefined) return undefined;
  const wanted = (name: string): boolean => names === undefined || names.includes(name);
  const { context, featureLists } =
    message === 'Example'
      ? { context: decodeExample(record, { int64: 'auto' }), featureLists: new Map<string, Feature[]>() }
      : decodeSequenceExample(record, { int64: 'auto' });
  const rows = [...context]
    .filter(([name]) => wanted(name))
    .map(([name, one]) => [visible(name), ...cells(one)]);
  for (const [name, steps] of featureLists) {
    if (!wanted(name)) continue;
    rows.push([visible(name), 'list', `[${steps.length}]`, formatNumberOf(steps.length, 'step')]);
    steps.slice(0, MOST_STEPS).forEach((step, i) => {
      rows.push([`  step ${i}`, ...cells(step)]);
    });
    if (steps.length > MOST_STEPS) rows.push(['  …']);
  }
  return { message, lines: tableLines(['', '', '', ''], rows).slice(1) };
}

function cells({ kind, value }: Feature): string[] {
  if (kind === 'none') return ['none', '', ''];
  const texts = Array.from(value as ArrayLike<unknown>, (one, i) => (i < MOST_CHARACTERS ? one : undefined));
  const shown: string[] = [];
  let characters = 0;
  for (const one of texts) {
    const text = one instanceof Uint8Array ? bytesText(one) : numberText(one as number | bigint);
    if (shown.length > 0 && characters + text.length > MOST_CHARACTERS) break;
    shown.push(text);
    characters += text.length + 2;
  }
  const more = shown.length < texts.length ? ', …' : '';
  return [kind, `[${texts.length}]`, shown.join(', ') + more];
}

function numberText(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(6)));
}

/** An image by kind and size, a text in quotes, anything else by its first bytes. */
function bytesText(bytes: Uint8Array): string {
  const header = imageHeader(bytes);
  if (header !== undefined) {
    const { kind, width, height } = header;
    return `${kind} ${width} × ${height}, ${formatBytes(bytes.length)}`;
  }
  const text = asText(bytes);
  if (text !== undefined) {
    const shown = text.slice(0, MOST_CHARACTERS);
    return JSON.stringify(shown) + (shown.length < text.length ? ` … (${formatBytes(bytes.length)})` : '');
  }
  const hex = hexLines(bytes.subarray(0, HEX_LIKE))[0]
    .slice(10, 10 + 3 * HEX_LIKE)
    .trim();
  return bytes.length > HEX_LIKE ? `${hex} … (${formatBytes(bytes.length)})` : hex;
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
