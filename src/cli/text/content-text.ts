import { elided, type FieldValue, imageHeader, type MessageType, recordContent } from 'recordpipe/check';
import { hexLines, shownText } from './preview.ts';
import { formatBytes, formatCount, formatNumberOf, timeText } from './sizes.ts';
import { tableLines } from './style.ts';
import { quoted, visible } from './visible.ts';

/** Characters of values on a line. */
const MAX_CHARACTERS = 72;
const MAX_NAME_CHARACTERS = 64;
const MAX_STEPS = 3;
const MAX_ROWS = 500;
const HEX_BYTES = 12;

/**
 * The fields of a record, a line each.
 * @param isWanted whether a feature or feature list is shown
 */
export function contentLines(
  record: Uint8Array,
  type: MessageType,
  isWanted: (name: string) => boolean,
): string[] {
  const { features, featureLists } = recordContent(record, type);
  const rows: string[][] = [];
  let hidden = 0;
  for (const [name, field] of features) {
    if (!isWanted(name)) continue;
    if (rows.length >= MAX_ROWS) hidden++;
    else if (type === 'Event' && name === 'wall_time') rows.push(timeRow(name, field));
    else rows.push([nameText(name), ...cells(field)]);
  }
  const noun = type === 'ExampleListWithContext' ? 'example' : 'step';
  for (const [name, steps] of featureLists) {
    if (!isWanted(name)) continue;
    if (rows.length >= MAX_ROWS) {
      hidden++;
      continue;
    }
    rows.push([nameText(name), 'list', `[${steps.length}]`, formatNumberOf(steps.length, noun)]);
    steps.slice(0, MAX_STEPS).forEach((step, i) => {
      rows.push([`  ${noun} ${i}`, ...cells(step)]);
    });
    if (steps.length > MAX_STEPS) rows.push(['  …']);
  }
  const lines = tableLines(['', '', '', ''], rows).slice(1);
  if (hidden > 0) lines.push(`… and ${formatCount(hidden)} more; --feature shows chosen ones`);
  return lines;
}

function nameText(name: string): string {
  return elided(visible(name), MAX_NAME_CHARACTERS);
}

/** Seconds since 1970. */
function timeRow(name: string, { kind, value }: FieldValue): string[] {
  const seconds = Number(value[0]);
  return [name, kind, '[1]', `${seconds}${timeText(seconds)}`];
}

function cells({ kind, value }: FieldValue): string[] {
  if (kind === 'none') return ['none', '', ''];
  const shown: string[] = [];
  let characters = 0;
  for (let i = 0; i < value.length && shown.length < MAX_CHARACTERS; i++) {
    const one = value[i];
    const text = typeof one === 'object' ? bytesText(one) : numberText(one, kind);
    if (shown.length > 0 && characters + text.length > MAX_CHARACTERS) break;
    shown.push(text);
    characters += text.length + 2;
  }
  const more = shown.length < value.length ? ', …' : '';
  return [kind, `[${value.length}]`, shown.join(', ') + more];
}

function numberText(value: number | bigint, kind: FieldValue['kind']): string {
  return typeof value === 'bigint' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(kind === 'float64' ? 12 : 6)));
}

/** An image by kind and size, a text in quotes, anything else by its first bytes. */
function bytesText(bytes: Uint8Array): string {
  const header = imageHeader(bytes);
  if (header !== undefined) {
    const { kind, width, height } = header;
    return `${kind} ${width} × ${height}, ${formatBytes(bytes.length)}`;
  }
  const text = shownText(bytes, MAX_CHARACTERS);
  if (text !== undefined) {
    const shown = quoted(text.slice(0, MAX_CHARACTERS));
    return text.length > MAX_CHARACTERS ? `${shown} … (${formatBytes(bytes.length)})` : shown;
  }
  const hex = hexLines(bytes.subarray(0, HEX_BYTES))[0]
    .slice(10, 10 + 3 * HEX_BYTES)
    .trim();
  return bytes.length > HEX_BYTES ? `${hex} … (${formatBytes(bytes.length)})` : hex;
}
