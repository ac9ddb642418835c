import {
  elided,
  type FieldValue,
  imageHeader,
  type MessageType,
  recordContent,
  textOf,
} from 'recordpipe/check';
import { formatBytes, formatCount, formatNumberOf, quoted, timeText, visible } from './format.ts';
import { tableLines } from './terminal.ts';

/** Maximum number of characters for the values on a line. */
const MAX_CHARACTERS = 72;
const MAX_NAME_CHARACTERS = 64;
const MAX_STEPS = 3;
const MAX_ROWS = 500;
const FIELD_HEX_BYTES = 12;
const PREVIEW_CHARACTERS = 200;
const PREVIEW_HEX_BYTES = 64;
const ROW_BYTES = 16;

/**
 * Describes the fields of a record, one per line.
 * @param isShown reports whether a feature or feature list is shown
 */
export function contentLines(
  record: Uint8Array,
  type: MessageType,
  isShown: (name: string) => boolean,
): string[] {
  const { features, featureLists } = recordContent(record, type);
  const rows: string[][] = [];
  let hidden = 0;
  for (const [name, field] of features) {
    if (!isShown(name)) continue;
    if (rows.length >= MAX_ROWS) hidden++;
    else if (type === 'Event' && name === 'wall_time') rows.push(timeRow(name, field));
    else rows.push([nameText(name), ...cells(field)]);
  }
  const noun = type === 'ExampleListWithContext' ? 'example' : 'step';
  for (const [name, steps] of featureLists) {
    if (!isShown(name)) continue;
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
  if (hidden > 0) lines.push(`… and ${formatCount(hidden)} more; --select selects features`);
  return lines;
}

function nameText(name: string): string {
  return elided(visible(name), MAX_NAME_CHARACTERS);
}

/** Formats a time in seconds since 1970. */
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

/** Formats an image by its kind and size, text in quotes, and anything else by its first bytes. */
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
  const hex = hexLines(bytes.subarray(0, FIELD_HEX_BYTES))[0]
    .slice(10, 10 + 3 * FIELD_HEX_BYTES)
    .trim();
  return bytes.length > FIELD_HEX_BYTES ? `${hex} … (${formatBytes(bytes.length)})` : hex;
}

/** Describes the beginning of a payload: text in quotes, or hexadecimal for anything else. */
export function previewLines(payload: Uint8Array): string[] {
  if (payload.length === 0) return ['(empty)'];
  const text = shownText(payload, PREVIEW_CHARACTERS);
  if (text === undefined) return hexLines(payload);
  return [quoted(text.slice(0, PREVIEW_CHARACTERS)) + (text.length > PREVIEW_CHARACTERS ? ' …' : '')];
}

/** Formats rows of 16 bytes: the offset, hexadecimal digits, and printable characters. */
export function hexLines(payload: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(payload.length, PREVIEW_HEX_BYTES); at += ROW_BYTES) {
    const row = payload.subarray(at, at + ROW_BYTES);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = Array.from(row, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * ROW_BYTES - 1)}  |${characters.join('')}|`,
    );
  }
  if (payload.length > PREVIEW_HEX_BYTES) lines.push('…');
  return lines;
}

/**
 * Decodes the beginning of a text. If more text follows, the result has more than `characters`
 * characters. Returns undefined for bytes that are not text.
 */
export function shownText(bytes: Uint8Array, characters: number): string | undefined {
  // A character has up to 4 bytes.
  let end = Math.min(bytes.length, 4 * (characters + 1));
  // Do not end inside a character.
  if (end < bytes.length) while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return textOf(bytes.subarray(0, end));
}
