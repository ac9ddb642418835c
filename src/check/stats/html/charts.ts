import { largestOf, smallestOf } from '../../../bytes/binary-data.ts';
import type { ValueCount } from '../distinct-values.ts';
import type { NamedFeature } from '../feature-stats.ts';
import { bucketStart, type ExponentCount, type SignedLog2, type Spread } from '../log2.ts';
import { bytesText, countText, numberText, powerText, rangeText } from '../words.ts';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A piece of markup. {@link html} escapes everything else that is interpolated into it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value that can be interpolated into a template. */
export type Interpolated = string | number | Markup | readonly Markup[];

/**
 * Builds markup from a template and escapes the interpolated values, in text and in quoted
 * attributes. Values enter a page only through this function.
 *
 * @param values markup, which is inserted unchanged, lists of markup, which are inserted without
 *   separators, or other values, which are escaped
 */
export function html(parts: TemplateStringsArray, ...values: readonly Interpolated[]): Markup {
  let text = parts[0];
  for (const [i, value] of values.entries()) text += markupOf(value) + parts[i + 1];
  return new Markup(text);
}

export const NOTHING: Markup = new Markup('');

/** Joins markup with a separator, which is also markup. */
export function joined(markup: readonly Markup[], separator: string): Markup {
  return new Markup(markup.map(({ text }) => text).join(separator));
}

function markupOf(value: Interpolated): string {
  if (value instanceof Markup) return value.text;
  return Array.isArray(value) ? value.map(markupOf).join('') : escaped(String(value));
}

/**
 * Escapes text for a page. Control characters, which pages must not contain, are replaced with
 * control pictures, and format characters, which can disguise text, with escapes.
 */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) =>
      character < ' ' ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : '\ufffd',
    )
    .replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Size of the drawings in their own units. Drawings are stretched to the available space. */
const WIDTH = 1000;
const HEIGHT = 100;
/** Gap between columns, as a share of the width of a column. */
const GAP = 0.14;
/** Minimum height of a column that is not zero. It keeps the column visible. */
const MIN_HEIGHT = 1.5;

/** Draws a share from 0 to 1 as a bar. @param title describes the bar to screen readers */
export function shareBar(share: number, title: string, kind: '' | 'bad' = ''): Markup {
  const width = share === 0 ? 0 : Math.max(4, round(share * WIDTH));
  return html`<svg class="bar" role="img" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none"><title>${title}</title><rect class="track" width="${WIDTH}" height="10"/><rect class="fill ${kind}" width="${width}" height="10"/></svg>`;
}

/** Draws a histogram. @param noun names what is counted */
export function histogram(
  columns: readonly Column[],
  title: string,
  noun: string,
  size: 'large' | 'small',
): Markup {
  const most = largestOf(
    columns.map(({ count }) => count),
    1,
  );
  const step = WIDTH / columns.length;
  const shapes = columns.map(({ count, label }, i) => {
    const height = count === 0 ? 0 : Math.max(MIN_HEIGHT, round((count / most) * HEIGHT));
    const said = `${label}: ${countText(count)} ${noun}`;
    // The full height of the chart reacts to the pointer.
    return html`<g><title>${said}</title><rect class="hit" x="${round(i * step)}" width="${round(step)}" height="${HEIGHT}"/><rect class="fill" x="${round((i + GAP / 2) * step)}" y="${round(HEIGHT - height)}" width="${round((1 - GAP) * step)}" height="${height}"/></g>`;
  });
  const said = columns
    .filter(({ count }) => count > 0)
    .map(({ count, label }) => `${label}: ${countText(count)}`);
  const svg = html`<svg class="columns" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><title>${title}</title><desc>${said.join('; ')}</desc>${shapes}</svg>`;
  return html`<div class="histogram ${size}">${svg}<div class="axis" aria-hidden="true">${axis(columns, size)}</div></div>`;
}

/** Returns the labels that fit on the axis. */
function axis(columns: readonly Column[], size: 'large' | 'small'): Markup[] {
  const room = size === 'large' ? 9 : 3;
  const each = Math.max(1, Math.ceil(columns.length / room));
  return columns.map(({ start }, i) => html`<span>${i % each === 0 ? html`<i>${start}</i>` : ''}</span>`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A column of a histogram. */
export interface Column {
  /** Number of values. */
  readonly count: number;
  /** Start of the range, as the label on the axis. */
  readonly start: string;
  /** Range of the column in words. */
  readonly label: string;
}

/** Maximum number of powers of two on each side of zero. */
const MAX_EXPONENTS = 10;
const MAX_LINEAR = 24;

/**
 * Returns the columns of a spread, from the first to the last power of two that is not empty.
 *
 * @param text formats a value
 * @example
 * ```ts
 * import { spreadColumns } from 'recordpipe/check';
 * const columns = spreadColumns({ min: 1, max: 3, log2: [0, 1, 2] });
 * console.log(columns.map(({ label, count }) => `${label}: ${count}`)); // [ '1: 1', '2 to 3: 2' ]
 * ```
 */
export function spreadColumns({ log2 }: Spread, text: (value: number) => string = countText): Column[] {
  const first = log2.findIndex((count) => count > 0);
  return log2.slice(first).map((count, i) => {
    const start = text(bucketStart(first + i));
    const end = text(bucketStart(first + i + 1) - (first + i < 10 ? 1 : 0));
    return { count, start, label: first + i < 2 ? start : `${start} to ${end}` };
  });
}

/**
 * Returns the columns of a spread of sizes in bytes.
 *
 * @example
 * ```ts
 * import { sizeColumns } from 'recordpipe/check';
 * console.log(sizeColumns({ min: 1100, max: 1900, log2: [...Array(11).fill(0), 5] })[0].label); // 1 KiB to 2 KiB
 * ```
 */
export function sizeColumns(spread: Spread): Column[] {
  return spreadColumns(spread, bytesText);
}

/**
 * Returns the columns of signed numbers, from large negative to large positive numbers. All numbers
 * that are much smaller than the largest share one column around zero.
 */
function signedColumns({ negative, zeros, positive }: SignedLog2): Column[] {
  const most = largestOf([...negative, ...positive].map(([exponent]) => exponent));
  const least = most - MAX_EXPONENTS + 1;
  const large = (counts: readonly ExponentCount[]): ExponentCount[] =>
    filled(counts.filter(([exponent]) => exponent >= least));
  const small = (counts: readonly ExponentCount[]): number =>
    counts.reduce((sum, [exponent, count]) => sum + (exponent < least ? count : 0), 0);
  const below = small(negative);
  const above = small(positive);
  const edge = powerText(least);
  const around =
    below + above === 0 ? 'zero' : `${below > 0 ? `-${edge}` : '0'} to ${above > 0 ? edge : '0'}`;
  const hasZero = zeros + below + above > 0 || (negative.length > 0 && positive.length > 0);
  return [
    ...large(negative)
      .reverse()
      .map(([exponent, count]) => ({
        count,
        start: `-${powerText(exponent + 1)}`,
        label: `-${powerText(exponent + 1)} to -${powerText(exponent)}`,
      })),
    ...(hasZero
      ? [{ count: zeros + below + above, start: below > 0 ? `-${edge}` : '0', label: around }]
      : []),
    ...large(positive).map(([exponent, count]) => ({
      count,
      start: powerText(exponent),
      label: `${powerText(exponent)} to ${powerText(exponent + 1)}`,
    })),
  ];
}

/** Returns columns of equal width for integers whose values are all known. */
function linearColumns(distinct: readonly ValueCount[]): Column[] {
  const values = distinct.map(({ value }) => value as number);
  const [min, max] = [smallestOf(values), largestOf(values)];
  const width = Math.ceil((max - min + 1) / MAX_LINEAR);
  const counts: number[] = Array(Math.floor((max - min) / width) + 1).fill(0);
  for (const { value, count } of distinct) counts[Math.floor(((value as number) - min) / width)] += count;
  return counts.map((count, i) => {
    const start = min + i * width;
    const end = Math.min(max, start + width - 1);
    return { count, start: numberText(start), label: rangeText(start, end) };
  });
}

/**
 * Returns the columns of the values of a feature: by value for a small number of integers, by power
 * of two for other numbers, and by size for bytes.
 *
 * @example
 * ```ts
 * import { valueColumns } from 'recordpipe/check';
 * const log2 = { negative: [], zeros: 0, positive: [[0, 1], [1, 2]] as const };
 * const distinct = [{ value: 2, count: 2 }, { value: 1, count: 1 }];
 * const columns = valueColumns({ name: 'id', records: 3, kinds: {}, int64: { values: 3, min: 1, max: 2, log2, distinct } });
 * console.log(columns.map(({ label, count }) => `${label}: ${count}`)); // [ '1: 1', '2: 2' ]
 * ```
 */
export function valueColumns({ int64, float, bytes }: NamedFeature): Column[] {
  if (int64 !== undefined) {
    const { distinct } = int64;
    const known = distinct?.every(({ value }) => typeof value === 'number');
    return known ? linearColumns(distinct!) : signedColumns(int64.log2);
  }
  if (float !== undefined) return signedColumns(float.log2);
  return bytes === undefined ? [] : sizeColumns(bytes.length);
}

/** Adds the missing exponents between those that occur. */
function filled(counts: readonly ExponentCount[]): ExponentCount[] {
  if (counts.length === 0) return [];
  const known = new Map(counts);
  const first = counts[0][0];
  const last = counts[counts.length - 1][0];
  return Array.from({ length: last - first + 1 }, (_, i) => [first + i, known.get(first + i) ?? 0]);
}
