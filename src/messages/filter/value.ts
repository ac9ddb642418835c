/** Results of a test. The logic has three values, as in SQL. */
export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;

/** Result of a test: FALSE, TRUE or UNKNOWN. */
export type Truth = 0 | 1 | 2;

/** A condition on the current record. */
export interface Test {
  test(): Truth;
}

/** Types of values. Those of features equal the numbers of their kinds. */
export const NO_VALUE = 0;
export const BYTES = 1;
export const FLOAT = 2;
export const INT = 3;
/** A 64-bit float: the result of a calculation, a literal, or a value of a Record. */
export const DOUBLE = 4;
export const BOOL = 5;

const TYPE_NAMES = ['no value', 'bytes', 'float', 'integer', 'number', 'condition'] as const;
const NOTHING = new Uint8Array(0);

/**
 * A value that is calculated for each record. Its fields are registers, which `load` sets, so that
 * no object is created for a value.
 */
export abstract class Operand {
  /** Type of the value; NO_VALUE if it is unknown. */
  type: number = NO_VALUE;
  /** Number or condition. Not used if `big` is set. */
  number = 0;
  /** Integer beyond 2^53 - 1. */
  big: bigint | undefined;
  /** Bytes, which are [start, end) of this array. */
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  /**
   * Number to compare with a 32-bit float; undefined if it is `number`. Decimal literals are rounded,
   * so that `score == 0.1` is true for the float 0.1.
   */
  readonly rounded: number | undefined = undefined;

  /**
   * Sets the fields for the current record.
   * @throws FilterMismatch, WireFault
   */
  abstract load(): void;

  /** Returns a description for errors. */
  abstract describe(): string;
}

/** Number of a feature among the features that an expression uses. */
export type Slot = number;

/** Thrown for values that an operator does not accept, before the record is known. */
export class FilterMismatch extends Error {}

/** Returns the error for a value of the wrong type. */
export function wrongType(operand: Operand, expected: string): FilterMismatch {
  return new FilterMismatch(`expected ${expected}, got ${typed(operand)}`);
}

/** Describes an operand and the type of its value, for errors. */
export function typed(operand: Operand): string {
  return `${operand.describe()} (${TYPE_NAMES[operand.type]})`;
}

/** Reports whether a type is that of numbers. */
export function isNumber(type: number): boolean {
  return type >= FLOAT && type <= DOUBLE;
}

/** Compares two ranges of bytes. Returns a negative number, 0, or a positive number. */
export function compareBytes(a: Operand, b: Operand): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  const [one, other] = [a.bytes, b.bytes];
  const [from, start] = [a.start, b.start];
  for (let i = 0; i < length; i++) {
    const difference = one[from + i] - other[start + i];
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}

/**
 * Compares two numbers exactly, even if one is an integer beyond 2^53. Returns NaN if one of them is
 * NaN.
 */
export function compareNumbers(a: Operand, b: Operand): number {
  const one = a.big ?? (a.rounded !== undefined && b.type === FLOAT ? a.rounded : a.number);
  const other = b.big ?? (b.rounded !== undefined && a.type === FLOAT ? b.rounded : b.number);
  return one < other ? -1 : one > other ? 1 : one >= other ? 0 : Number.NaN;
}

/** Returns an integer as a number if a number represents it, and otherwise as a bigint. */
export function integerOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Sets the fields of an operand to an integer. */
export function setInteger(operand: Operand, value: bigint): void {
  const integer = integerOf(value);
  operand.type = INT;
  operand.big = typeof integer === 'bigint' ? integer : undefined;
  if (typeof integer === 'number') operand.number = integer;
}
