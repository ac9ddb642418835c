import type { ListReader } from './list-reader.ts';
import type { RecordFeatures } from './record-features.ts';
import {
  BOOL,
  BYTES,
  compareBytes,
  compareNumbers,
  FALSE,
  FilterMismatch,
  FLOAT,
  isNumber,
  NO_VALUE,
  type Operand,
  type Slot,
  type Test,
  TRUE,
  type Truth,
  typed,
  UNKNOWN,
  wrongType,
} from './value.ts';

/** Tests whether all conditions hold, in order, up to the first that does not. */
export class All implements Test {
  readonly #tests: readonly Test[];

  constructor(tests: readonly Test[]) {
    this.#tests = tests;
  }

  test(): Truth {
    const tests = this.#tests;
    let result: Truth = TRUE;
    for (let i = 0; i < tests.length; i++) {
      const truth = tests[i].test();
      if (truth === FALSE) return FALSE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  }
}

/** Tests whether any condition holds, in order, up to the first that does. */
export class Any implements Test {
  readonly #tests: readonly Test[];

  constructor(tests: readonly Test[]) {
    this.#tests = tests;
  }

  test(): Truth {
    const tests = this.#tests;
    let result: Truth = FALSE;
    for (let i = 0; i < tests.length; i++) {
      const truth = tests[i].test();
      if (truth === TRUE) return TRUE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  }
}

/** Tests whether a condition does not hold. */
export class Not implements Test {
  readonly #test: Test;

  constructor(test: Test) {
    this.#test = test;
  }

  test(): Truth {
    return negated(this.#test.test());
  }
}

/** One of two conditions, depending on a third. */
export class Either implements Test {
  readonly #condition: Test;
  readonly #yes: Test;
  readonly #no: Test;

  constructor(condition: Test, yes: Test, no: Test) {
    this.#condition = condition;
    this.#yes = yes;
    this.#no = no;
  }

  test(): Truth {
    const truth = this.#condition.test();
    return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? this.#yes.test() : this.#no.test();
  }
}

/** A condition with the same result for every record. */
export class Constant implements Test {
  readonly #truth: Truth;

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  test(): Truth {
    return this.#truth;
  }
}

/** Tests whether a record has a feature or feature list. */
export class Has implements Test {
  readonly #features: RecordFeatures;
  readonly #slot: Slot;

  constructor(features: RecordFeatures, slot: Slot) {
    this.#features = features;
    this.#slot = slot;
  }

  test(): Truth {
    return this.#features.has(this.#slot) ? TRUE : FALSE;
  }
}

/** Operators of comparison. */
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** Compares two values. Numbers are compared exactly, and bytes in the order of their values. */
export class Comparison implements Test {
  readonly #operator: ComparisonOperator;
  readonly #left: Operand;
  readonly #right: Operand;

  constructor(operator: ComparisonOperator, left: Operand, right: Operand) {
    this.#operator = operator;
    this.#left = left;
    this.#right = right;
  }

  test(): Truth {
    const left = this.#left;
    const right = this.#right;
    left.load();
    if (left.type === NO_VALUE) return UNKNOWN;
    right.load();
    if (right.type === NO_VALUE) return UNKNOWN;
    return holds(this.#operator, compared(left, right, this.#operator)) ? TRUE : FALSE;
  }
}

/** Returns a negative number, 0, a positive number or NaN. @throws FilterMismatch */
function compared(left: Operand, right: Operand, operator: string): number {
  if (isNumber(left.type) && isNumber(right.type)) return compareNumbers(left, right);
  if (left.type === BYTES && right.type === BYTES) return compareBytes(left, right);
  const isEquality = operator === '==' || operator === '!=';
  if (left.type === BOOL && right.type === BOOL && isEquality) return left.number - right.number;
  throw mismatch(left, right);
}

function mismatch(left: Operand, right: Operand): FilterMismatch {
  return new FilterMismatch(`cannot compare ${typed(left)} with ${typed(right)}`);
}

function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

/** Tests whether a feature has a value. */
export class InFeature implements Test {
  readonly #value: Operand;
  readonly #reader: ListReader;

  constructor(value: Operand, reader: ListReader) {
    this.#value = value;
    this.#reader = reader;
  }

  test(): Truth {
    const value = this.#value;
    const reader = this.#reader;
    value.load();
    if (value.type === NO_VALUE || !reader.open()) return UNKNOWN;
    while (reader.next()) if (compared(reader, value, '==') === 0) return TRUE;
    return FALSE;
  }
}

/** Tests whether a value is one of several literals, in a time that does not depend on their number. */
export class InLiterals implements Test {
  readonly #value: Operand;
  readonly #numbers = new Set<number>();
  /** The numbers to compare with 32-bit floats. */
  readonly #floats = new Set<number>();
  readonly #bigs = new Set<bigint>();
  /** Bytes, by length and last byte. */
  readonly #bytes = new Map<number, Operand[]>();
  readonly #first: Operand;

  /** @param literals one or more, all of them numbers or all of them bytes */
  constructor(value: Operand, literals: readonly Operand[]) {
    this.#value = value;
    this.#first = literals[0];
    for (const literal of literals) {
      if (literal.type === BYTES) {
        const key = keyOf(literal);
        this.#bytes.set(key, [...(this.#bytes.get(key) ?? []), literal]);
        continue;
      }
      const number = literal.big === undefined ? literal.number : Number(literal.big);
      const isExact = literal.big === undefined || BigInt(number) === literal.big;
      if (isExact) this.#numbers.add(number);
      if (isExact) this.#floats.add(literal.rounded ?? number);
      if (literal.big !== undefined) this.#bigs.add(literal.big);
      else if (Number.isInteger(number) && !Number.isSafeInteger(number)) this.#bigs.add(BigInt(number));
    }
  }

  test(): Truth {
    const value = this.#value;
    value.load();
    if (value.type === NO_VALUE) return UNKNOWN;
    return this.#includes(value) ? TRUE : FALSE;
  }

  #includes(value: Operand): boolean {
    if (value.type === BYTES && this.#first.type === BYTES) {
      const same = this.#bytes.get(keyOf(value));
      return same?.some((one) => compareBytes(one, value) === 0) ?? false;
    }
    if (!isNumber(value.type) || this.#first.type === BYTES) throw mismatch(value, this.#first);
    if (value.big !== undefined) return this.#bigs.has(value.big);
    return (value.type === FLOAT ? this.#floats : this.#numbers).has(value.number);
  }
}

function keyOf({ bytes, start, end }: Operand): number {
  return (end - start) * 256 + (end > start ? bytes[end - 1] : 0);
}

/** Compares the values of a feature with those of a list. */
export class ListEquality implements Test {
  readonly #reader: ListReader;
  readonly #values: readonly Operand[];

  constructor(reader: ListReader, values: readonly Operand[]) {
    this.#reader = reader;
    this.#values = values;
  }

  test(): Truth {
    const reader = this.#reader;
    if (!reader.open()) return UNKNOWN;
    let result: Truth = TRUE;
    for (const value of this.#values) {
      if (!reader.next()) return FALSE;
      value.load();
      if (value.type === NO_VALUE) result = UNKNOWN;
      else if (compared(reader, value, '==') !== 0) return FALSE;
    }
    return reader.atEnd() ? result : FALSE;
  }
}

/** Macros that test the values of a feature. */
export type Quantifier = 'exists' | 'all' | 'exists_one';

/** Tests how many values of a feature meet a condition, whose variable is the reader. */
export class Quantified implements Test {
  readonly #quantifier: Quantifier;
  readonly #reader: ListReader;
  readonly #condition: Test;

  constructor(quantifier: Quantifier, reader: ListReader, condition: Test) {
    this.#quantifier = quantifier;
    this.#reader = reader;
    this.#condition = condition;
  }

  test(): Truth {
    const reader = this.#reader;
    const quantifier = this.#quantifier;
    if (!reader.open()) return UNKNOWN;
    let found = 0;
    let isUnknown = false;
    while (reader.next()) {
      const truth = this.#condition.test();
      if (truth === UNKNOWN) isUnknown = true;
      else if (truth === TRUE) {
        if (quantifier === 'exists') return TRUE;
        if (++found > 1 && quantifier === 'exists_one') return FALSE;
      } else if (quantifier === 'all') return FALSE;
    }
    if (isUnknown) return UNKNOWN;
    return quantifier === 'all' || found === 1 ? TRUE : FALSE;
  }
}

/** Methods that compare bytes, and text as UTF-8. */
export type BytesMethod = 'startsWith' | 'endsWith' | 'contains';

/** Tests whether bytes begin with, end with, or contain others. */
export class BytesTest implements Test {
  readonly #method: BytesMethod;
  readonly #value: Operand;
  readonly #part: Operand;

  constructor(method: BytesMethod, value: Operand, part: Operand) {
    this.#method = method;
    this.#value = value;
    this.#part = part;
  }

  test(): Truth {
    const value = this.#value;
    const part = this.#part;
    for (const operand of [value, part]) {
      operand.load();
      if (operand.type === NO_VALUE) return UNKNOWN;
      if (operand.type !== BYTES) throw wrongType(operand, `bytes or text for ${this.#method}`);
    }
    return this.#holds(value, part) ? TRUE : FALSE;
  }

  #holds(value: Operand, part: Operand): boolean {
    const length = part.end - part.start;
    const last = value.end - length;
    switch (this.#method) {
      case 'startsWith':
        return last >= value.start && isAt(value.bytes, value.start, part);
      case 'endsWith':
        return last >= value.start && isAt(value.bytes, last, part);
      default:
        return contains(value, part);
    }
  }
}

function isAt(bytes: Uint8Array, at: number, part: Operand): boolean {
  const length = part.end - part.start;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== part.bytes[part.start + i]) return false;
  return true;
}

function contains(value: Operand, part: Operand): boolean {
  if (part.start === part.end) return true;
  const { bytes } = value;
  const last = value.end - (part.end - part.start);
  const first = part.bytes[part.start];
  for (let at = value.start; at <= last; at++) {
    at = bytes.indexOf(first, at);
    if (at < 0 || at > last) return false;
    if (isAt(bytes, at, part)) return true;
  }
  return false;
}

/** A compiled regular expression that takes linear time. */
export interface Pattern {
  test(input: Uint8Array): boolean;
}

/** Tests whether a regular expression matches a part of a text, which is UTF-8. */
export class Matches implements Test {
  readonly #value: Operand;
  readonly #pattern: Pattern;

  constructor(value: Operand, pattern: Pattern) {
    this.#value = value;
    this.#pattern = pattern;
  }

  test(): Truth {
    const value = this.#value;
    value.load();
    if (value.type === NO_VALUE) return UNKNOWN;
    if (value.type !== BYTES) throw wrongType(value, 'text for matches');
    return this.#pattern.test(value.bytes.subarray(value.start, value.end)) ? TRUE : FALSE;
  }
}

function negated(truth: Truth): Truth {
  return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE;
}
