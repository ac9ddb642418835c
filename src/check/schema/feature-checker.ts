import type { FeatureIndex } from '../../messages/example/feature-index.ts';
import { BYTES, FLOAT, INT64, NONE } from '../../messages/example/list-cursor.ts';
import { headerAt, type ImageKind } from '../../messages/image-header.ts';
import { int64Value, latin1 } from '../stats/distinct-values.ts';
import { floatKey, shortFloat } from '../stats/number-stats.ts';
import { type FieldSink, type FieldValue, sendField } from '../stats/record-content.ts';
import { isTextAt, isUtf8At } from '../stats/text.ts';
import { type Bounds, type FeatureListSchema, type FeatureSchema, fixedLength } from './schema.ts';
import { type CheckedRecord, Tallies } from './violations.ts';

/** Codes of the kinds that do not occur in Examples. */
const FLOAT64 = 4;
const INT32 = 5;
const KINDS = {
  none: NONE,
  int64: INT64,
  float: FLOAT,
  bytes: BYTES,
  float64: FLOAT64,
  int32: INT32,
} as const;
const NAMES = ['no list', 'bytes', 'float', 'int64', 'float64', 'int32'];
/** Maximum number of allowed values that a message lists. */
const MAX_LISTED_VALUES = 8;

/**
 * Checks one feature, record by record: its rules or, if it has no rules, that it has only one
 * type.
 */
export class FeatureChecker implements FieldSink {
  readonly name: string;
  readonly rules: FeatureListSchema | undefined;
  readonly tallies: Tallies;
  /** Index of the last record that contained the feature, used to detect repeated names. */
  lastRecord = -1;
  /** Index of the last record that contained the feature with a list. */
  lastList = -1;
  /** First kind of the feature, if no rule determines the kind. */
  firstKind: number = NONE;
  readonly #kind: number;
  readonly #length: number | undefined;
  readonly #range: Int64Range | undefined;
  readonly #floatRange: FloatRange | undefined;
  /** Allowed values. Values of bytes are strings with one character per byte. */
  readonly #allowed: ReadonlySet<string | number> | undefined;
  /** Size of the longest allowed value in bytes. */
  readonly #longest: number = 0;
  #values = 0;

  constructor(name: string, rules: FeatureListSchema | undefined, isList: boolean, at: CheckedRecord) {
    this.name = name;
    this.rules = rules;
    this.tallies = new Tallies(name, isList, at);
    const type = rules?.type;
    this.#kind = KINDS[type ?? 'none'];
    this.#length = rules && fixedLength(rules);
    if ((type === 'int64' || type === 'int32') && rules?.range !== undefined)
      this.#range = int64Range(rules.range);
    if (rules !== undefined && (type === 'float' || type === 'float64')) this.#floatRange = floatRange(rules);
    if (rules?.values !== undefined)
      this.#allowed = new Set(rules.values.map(type === 'bytes' ? bytesKey : integerKey));
    for (const value of this.#allowed ?? [])
      if (typeof value === 'string' && value.length > this.#longest) this.#longest = value.length;
  }

  checkSteps(steps: number): void {
    const bounds = this.rules?.steps;
    if (bounds !== undefined && isOutside(steps, bounds))
      this.tallies.breaks('steps', () => `expected ${boundsText(bounds)} steps, got ${steps}`);
  }

  /** Checks one list of an Example or SequenceExample. */
  check(index: FeatureIndex, feature: number, record: number): void {
    if (!this.#begin(record, index.kind(feature))) return;
    index.send(feature, this);
    this.#checkLength();
  }

  /** Checks one list of a record that is not an Example. */
  checkField(field: FieldValue, record: number): void {
    if (!this.#begin(record, KINDS[field.kind])) return;
    sendField(field, this);
    this.#checkLength();
  }

  /** Checks the kind. Returns whether to check the values. */
  #begin(record: number, kind: number): boolean {
    if (kind === NONE) return false;
    this.lastList = record;
    const { rules } = this;
    if (this.#kind === NONE) {
      if (this.firstKind === NONE) this.firstKind = kind;
      else if (kind !== this.firstKind)
        this.tallies.breaks(
          'one-type',
          () => `expected ${NAMES[this.firstKind]} as in earlier records, got ${NAMES[kind]}`,
        );
      if (rules === undefined) return false;
    } else if (kind !== this.#kind) {
      this.tallies.breaks('type', () => `expected ${rules?.type}, got ${NAMES[kind]}`);
      return false;
    }
    this.#values = 0;
    return true;
  }

  #checkLength(): void {
    const { rules } = this;
    if (rules === undefined) return;
    const values = this.#values;
    if (this.#length !== undefined && values !== this.#length)
      this.tallies.breaks(
        'length',
        () => `expected ${valuesText(this.#length!)}${shapeText(rules)}, got ${values}`,
      );
    else if (rules.length !== undefined && isOutside(values, rules.length))
      this.tallies.breaks('length', () => `expected ${boundsText(rules.length!)} values, got ${values}`);
  }

  int64(high: number, low: number): void {
    this.#values++;
    const allowed = this.#allowed;
    if (allowed !== undefined && !allowed.has(int64Value(high, low)))
      this.tallies.breaks('values', () => this.#valuesText(String(int64Value(high, low))));
    const range = this.#range;
    if (range === undefined) return;
    const below = high < range.minHigh || (high === range.minHigh && low < range.minLow);
    const above = high > range.maxHigh || (high === range.maxHigh && low > range.maxLow);
    if (below || above)
      this.tallies.breaks(
        'range',
        () => `expected ${boundsText(range.bounds)}, got ${int64Value(high, low)}`,
      );
  }

  floats(bytes: Uint8Array, from: number, to: number): void {
    this.#values += (to - from) >>> 2;
    const range = this.#floatRange;
    if (range === undefined) return;
    for (let at = from; at < to; at += 4) {
      const bits = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      // Negative zero is compared as zero.
      const key = floatKey(bits === NEGATIVE_ZERO ? 0 : bits);
      if ((bits & EXPONENT_MASK) === EXPONENT_MASK) this.#odd(bits, range);
      else if (key < range.min || key > range.max)
        this.tallies.breaks(
          'range',
          () => `expected ${boundsText(range.bounds)}, got ${shortFloat(floatOf(bits))}`,
        );
    }
  }

  float64(value: number): void {
    this.#values++;
    const range = this.#floatRange;
    if (range === undefined) return;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range.bounds;
    if (Number.isNaN(value)) {
      if (!range.nan) this.tallies.breaks('nan', () => 'expected numbers, got NaN');
    } else if (!Number.isFinite(value)) {
      if (!range.infinity) this.tallies.breaks('infinity', () => `expected finite numbers, got ${value}`);
    } else if (value < Number(min) || value > Number(max))
      this.tallies.breaks('range', () => `expected ${boundsText(range.bounds)}, got ${value}`);
  }

  #odd(bits: number, { nan, infinity }: FloatRange): void {
    if ((bits & MANTISSA_MASK) !== 0) {
      if (!nan) this.tallies.breaks('nan', () => 'expected numbers, got NaN');
    } else if (!infinity) {
      this.tallies.breaks('infinity', () => `expected finite numbers, got ${bits < 0 ? '-' : ''}Infinity`);
    }
  }

  value(bytes: Uint8Array, from: number, to: number): void {
    this.#values++;
    const { bytes: sizes, utf8, images, width, height } = this.rules!;
    const allowed = this.#allowed;
    if (allowed !== undefined && !allowed.has(latin1(bytes, from, Math.min(to, from + this.#longest + 1))))
      this.tallies.breaks('values', () => this.#valuesText(valueText(bytes, from, to)));
    if (sizes !== undefined && isOutside(to - from, sizes))
      this.tallies.breaks('bytes', () => `expected ${boundsText(sizes)} bytes per value, got ${to - from}`);
    if (utf8 === true && !isUtf8At(bytes, from, to))
      this.tallies.breaks('utf8', () => 'expected UTF-8, got invalid bytes');
    if (images !== undefined || width !== undefined || height !== undefined) this.#image(bytes, from, to);
  }

  #valuesText(got: string): string {
    const { type, values = [] } = this.rules!;
    const listed = values.length <= MAX_LISTED_VALUES;
    const texts = values.map((value) => (type === 'bytes' ? JSON.stringify(value) : String(value)));
    return `expected ${listed ? texts.join(' or ') : `one of ${values.length} values`}, got ${got}`;
  }

  #image(bytes: Uint8Array, from: number, to: number): void {
    const { images, width, height } = this.rules!;
    const header = headerAt(bytes, from, to);
    if (images !== undefined && (header === undefined || !images.includes(header.kind)))
      this.tallies.breaks('images', () => `expected ${images.join(' or ')}, got ${imageText(header?.kind)}`);
    if (header === undefined) return;
    if (width !== undefined && isOutside(header.width, width))
      this.tallies.breaks('width', () => `expected ${boundsText(width)} pixels, got ${header.width}`);
    if (height !== undefined && isOutside(header.height, height))
      this.tallies.breaks('height', () => `expected ${boundsText(height)} pixels, got ${header.height}`);
  }
}

/** Returns the UTF-8 of a string, with one character per byte. */
function bytesKey(value: string | number): string {
  const bytes = new TextEncoder().encode(String(value));
  return latin1(bytes, 0, bytes.length);
}

function integerKey(value: string | number): string | number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(BigInt(value));
}

const MAX_SHOWN_BYTES = 64;

function valueText(bytes: Uint8Array, from: number, to: number): string {
  const value = bytes.subarray(from, Math.min(to, from + MAX_SHOWN_BYTES));
  if (!isTextAt(bytes, from, to)) return `${to - from} bytes that are not text`;
  const text = JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(value));
  return to - from > MAX_SHOWN_BYTES ? `${text} …` : text;
}

const EXPONENT_MASK = 0x7f800000;
const MANTISSA_MASK = 0x007fffff;
const NEGATIVE_ZERO = 0x80000000 | 0;
const floats = new Float32Array(1);
const words = new Int32Array(floats.buffer);

interface Int64Range {
  readonly minHigh: number;
  readonly minLow: number;
  readonly maxHigh: number;
  readonly maxLow: number;
  readonly bounds: Bounds<number | string>;
}

function int64Range(bounds: Bounds<number | string>): Int64Range {
  const min = halves(clamp(BigInt(bounds.min ?? -(2n ** 63n))));
  const max = halves(clamp(BigInt(bounds.max ?? 2n ** 63n - 1n)));
  return { minHigh: min.high, minLow: min.low, maxHigh: max.high, maxLow: max.low, bounds };
}

function clamp(value: bigint): bigint {
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
  return value < least ? least : value > most ? most : value;
}

function halves(value: bigint): { high: number; low: number } {
  return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
}

interface FloatRange {
  /** Bounds in the form that `floatKey` returns. */
  readonly min: number;
  readonly max: number;
  readonly nan: boolean;
  readonly infinity: boolean;
  readonly bounds: Bounds<number | string>;
}

function floatRange({ range = {}, nan = true, infinity = true }: FeatureSchema): FloatRange | undefined {
  if (range.min === undefined && range.max === undefined && nan && infinity) return undefined;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
  return { min: keyOf(Number(min) || 0), max: keyOf(Number(max) || 0), nan, infinity, bounds: range };
}

/**
 * Returns the key of a bound. Like values, bounds are rounded to 32-bit floats, so that the bound
 * 0.1 includes the float 0.1.
 */
function keyOf(value: number): number {
  floats[0] = value;
  return floatKey(words[0]);
}

function floatOf(bits: number): number {
  words[0] = bits;
  return floats[0];
}

function isOutside(value: number, { min, max }: Bounds): boolean {
  return (min !== undefined && value < min) || (max !== undefined && value > max);
}

function boundsText({ min, max }: Bounds<number | string>): string {
  if (min === undefined) return `at most ${max}`;
  if (max === undefined) return `at least ${min}`;
  return min === max ? `${min}` : `${min} to ${max}`;
}

function valuesText(count: number): string {
  return `${count} value${count === 1 ? '' : 's'}`;
}

function shapeText({ shape }: FeatureSchema): string {
  return shape === undefined || shape.length === 0 ? '' : ` (shape [${shape.join(', ')}])`;
}

function imageText(kind: ImageKind | undefined): string {
  return kind ?? 'no image';
}
