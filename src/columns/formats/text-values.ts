import type { BytesVector, ColumnVector, NumberVector } from '../../messages/columns/column-batch.ts';

/** Returns the text of an element. */
export type TextOf = (element: number) => string;

/** Bits of the NaN that every reader of the text `NaN` produces. */
const NAN_BITS = 0x7fc00000;
const NAN_HIGH_WORD = 0x7ff80000;

/**
 * Returns a function that formats the elements of a vector of numbers. Integers have all digits,
 * and floats the fewest digits that restore the same bits.
 *
 * @param onNaN called for a NaN whose bits text cannot represent
 */
export function numberText(vector: NumberVector, onNaN: () => void): TextOf {
  const { type, values } = vector;
  switch (type) {
    case 'int32':
      return (i) => String(values[i]);
    case 'int64':
    case 'uint64': {
      const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
      const isSigned = type === 'int64';
      return (i) => {
        const high = isSigned ? words[2 * i + 1] : words[2 * i + 1] >>> 0;
        // Numbers represent integers of up to 53 bits exactly.
        return high < 2 ** 21 && high >= -(2 ** 21)
          ? String(high * 2 ** 32 + (words[2 * i] >>> 0))
          : String(values[i]);
      };
    }
    case 'float': {
      const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
      return (i) => {
        const value = values[i];
        if (Number.isNaN(value) && words[i] !== NAN_BITS) onNaN();
        return floatText(Number.isFinite(value) ? shortestFloat(value) : value);
      };
    }
    case 'float64': {
      const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
      return (i) => {
        const value = values[i];
        if (Number.isNaN(value) && (words[2 * i] !== 0 || words[2 * i + 1] !== NAN_HIGH_WORD)) onNaN();
        return floatText(value);
      };
    }
  }
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** Returns a function that returns the elements of a vector of bytes in base64, or as text. */
export function bytesText({ type, offsets, data }: BytesVector): TextOf {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.length);
  const encoding = type === 'text' ? 'utf8' : 'base64';
  return (i) => buffer.toString(encoding, offsets[i], offsets[i + 1]);
}

/** Reports whether an element of a vector is null. */
export function isNull({ validity }: ColumnVector, element: number): boolean {
  return validity !== undefined && (validity[element >> 3] & (1 << (element & 7))) === 0;
}

const POWERS: readonly number[] = Array.from({ length: 23 }, (_, i) => 10 ** i);
/** Below this magnitude, floats have fewer than 24 significant bits. */
const MIN_NORMAL = 2 ** -126;

/**
 * Returns the number with the fewest digits that rounds to this 32-bit float, such as 0.1 instead of
 * 0.10000000149011612. `String` writes it with these digits.
 */
export function shortestFloat(value: number): number {
  if (value === Math.round(value) && value < 2 ** 24 && value > -(2 ** 24)) return value;
  const magnitude = Math.abs(value);
  if (magnitude >= MIN_NORMAL) {
    // Rounding to 6 digits also finds every shorter number, because a float has more than 6 digits.
    const exponent = Math.floor(Math.log10(magnitude));
    for (let places = 5 - exponent; places <= 8 - exponent; places++) {
      if (places < 0 || places > 22) break;
      const short = Math.round(magnitude * POWERS[places]) / POWERS[places];
      if (isUnambiguous(short, magnitude)) return value < 0 ? -short : short;
    }
  }
  for (let digits = magnitude >= MIN_NORMAL ? 6 : 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (isUnambiguous(short, value)) return short;
  }
  return Number(value.toPrecision(9));
}

/**
 * Reports whether every reader rounds `short` to the float: it is not half way between two floats,
 * where rounding first to 64 bits and then to 32 may differ from rounding once.
 */
function isUnambiguous(short: number, float: number): boolean {
  if (Math.fround(short) !== float) return false;
  const other = 2 * short - float;
  return short === float || Math.fround(other) !== other;
}
