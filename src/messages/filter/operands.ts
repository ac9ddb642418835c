import type { ListReader } from './list-reader.ts';
import type { RecordFeatures } from './record-features.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  FilterMismatch,
  INT,
  isNumber,
  NO_VALUE,
  Operand,
  type Slot,
  setInteger,
  type Test,
  TRUE,
  type Truth,
  UNKNOWN,
  wrongType,
} from './value.ts';

const utf8 = new TextEncoder();

/** A number, string or bytes in the expression. */
export class Literal extends Operand {
  override readonly rounded: number | undefined;
  readonly #text: string;

  /** @param text the literal as written */
  constructor(value: number | bigint | string | Uint8Array, text: string) {
    super();
    this.#text = text;
    if (typeof value === 'bigint') setInteger(this, value);
    else if (typeof value === 'number') {
      this.type = DOUBLE;
      this.number = value;
    } else {
      this.type = BYTES;
      this.bytes = typeof value === 'string' ? utf8.encode(value) : value;
      this.end = this.bytes.length;
    }
    this.rounded = this.type === DOUBLE ? nearestFloat(this.number) : undefined;
  }

  load(): void {}

  describe(): string {
    return this.#text;
  }
}

/**
 * Returns the 32-bit float nearest to a number. A number outside of the range of 32-bit floats stays
 * as it is.
 */
function nearestFloat(number: number): number {
  const float = Math.fround(number);
  return Number.isFinite(float) && (float !== 0 || number === 0) ? float : number;
}

/** The only value of a feature. It is unknown if the feature is missing or empty. */
export class FeatureValue extends Operand {
  readonly reader: ListReader;

  constructor(reader: ListReader) {
    super();
    this.reader = reader;
  }

  load(): void {
    const { reader } = this;
    if (!reader.open() || !reader.next()) {
      this.type = NO_VALUE;
      return;
    }
    copyValue(reader, this);
    if (reader.atEnd()) return;
    throw new FilterMismatch(
      `${this.describe()} has several values; test one of them, such as [0], or use in, exists or all`,
    );
  }

  describe(): string {
    return this.reader.describe();
  }
}

/** The value of a feature at an index. It is unknown if the list is shorter. */
export class IndexedValue extends Operand {
  readonly #reader: ListReader;
  readonly #index: Operand;

  constructor(reader: ListReader, index: Operand) {
    super();
    this.#reader = reader;
    this.#index = index;
  }

  load(): void {
    const reader = this.#reader;
    const index = this.#index;
    index.load();
    this.type = NO_VALUE;
    if (index.type === NO_VALUE) return;
    if (index.type !== INT) throw wrongType(index, 'an integer as an index');
    if (index.big !== undefined || index.number < 0 || !reader.open()) return;
    if (reader.skip(index.number) && reader.next()) copyValue(reader, this);
  }

  describe(): string {
    return this.#reader.describe();
  }
}

/** The number of values of a feature, or of steps of a feature list. */
export class FeatureLength extends Operand {
  readonly #features: RecordFeatures;
  readonly #reader: ListReader;

  constructor(features: RecordFeatures, reader: ListReader) {
    super();
    this.#features = features;
    this.#reader = reader;
  }

  load(): void {
    const slot: Slot = this.#reader.slot;
    const isFeature = this.#features.hasFeature(slot);
    this.number = isFeature && this.#reader.open() ? this.#reader.count() : this.#features.steps(slot);
    this.type = this.number < 0 ? NO_VALUE : INT;
  }

  describe(): string {
    return `the length of ${this.#reader.describe()}`;
  }
}

/** The number of bytes of a value. */
export class ByteLength extends Operand {
  readonly #value: Operand;

  constructor(value: Operand) {
    super();
    this.#value = value;
  }

  load(): void {
    const value = this.#value;
    value.load();
    this.type = NO_VALUE;
    if (value.type === NO_VALUE) return;
    if (value.type !== BYTES) throw wrongType(value, 'bytes for len');
    this.type = INT;
    this.number = value.end - value.start;
  }

  describe(): string {
    return `the length of ${this.#value.describe()}`;
  }
}

/** Operators of arithmetic. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/**
 * The result of arithmetic. Integers are exact; a result beyond 64 bits is an error. The result is a
 * 64-bit float if one of the numbers is a float. Division of an integer by 0 is unknown.
 */
export class Arithmetic extends Operand {
  readonly #operator: ArithmeticOperator;
  readonly #left: Operand;
  readonly #right: Operand;

  constructor(operator: ArithmeticOperator, left: Operand, right: Operand) {
    super();
    this.#operator = operator;
    this.#left = left;
    this.#right = right;
  }

  load(): void {
    const left = this.#left;
    const right = this.#right;
    left.load();
    right.load();
    this.type = NO_VALUE;
    this.big = undefined;
    if (left.type === NO_VALUE || right.type === NO_VALUE) return;
    for (const operand of [left, right])
      if (!isNumber(operand.type)) throw wrongType(operand, `a number for ${this.#operator}`);
    if (left.type === INT && right.type === INT) this.#integers(left, right);
    else {
      this.type = DOUBLE;
      this.number = calculated(this.#operator, doubleOf(left), doubleOf(right));
    }
  }

  describe(): string {
    return `the result of ${this.#operator}`;
  }

  #integers(left: Operand, right: Operand): void {
    const operator = this.#operator;
    const divides = operator === '/' || operator === '%';
    if (divides && right.big === undefined && right.number === 0) return;
    if (left.big === undefined && right.big === undefined) {
      const result = Math.trunc(calculated(operator, left.number, right.number));
      if (Number.isSafeInteger(result)) {
        this.type = INT;
        this.number = result;
        return;
      }
    }
    const exact = calculated(operator, left.big ?? BigInt(left.number), right.big ?? BigInt(right.number));
    if (exact !== BigInt.asIntN(64, exact))
      throw new FilterMismatch(`${this.describe()}: expected a 64-bit integer, got ${exact}`);
    setInteger(this, exact);
  }
}

function calculated<T extends number | bigint>(operator: ArithmeticOperator, left: T, right: T): T;
function calculated(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}

function doubleOf({ big, number }: Operand): number {
  return big === undefined ? number : Number(big);
}

/** One of two values, depending on a condition. */
export class Choice extends Operand {
  readonly #condition: Test;
  readonly #yes: Operand;
  readonly #no: Operand;

  constructor(condition: Test, yes: Operand, no: Operand) {
    super();
    this.#condition = condition;
    this.#yes = yes;
    this.#no = no;
  }

  load(): void {
    const truth = this.#condition.test();
    this.type = NO_VALUE;
    if (truth === UNKNOWN) return;
    const value = truth === TRUE ? this.#yes : this.#no;
    value.load();
    copyValue(value, this);
  }

  describe(): string {
    return 'the result of ?:';
  }
}

/** The result of a condition as a value, which can be compared with another one. */
export class Condition extends Operand {
  readonly #test: Test;

  constructor(test: Test) {
    super();
    this.#test = test;
  }

  load(): void {
    const truth: Truth = this.#test.test();
    this.type = truth === UNKNOWN ? NO_VALUE : BOOL;
    this.number = truth;
  }

  describe(): string {
    return 'the condition';
  }
}

function copyValue(from: Operand, to: Operand): void {
  to.type = from.type;
  to.number = from.number;
  to.big = from.big;
  if (from.type !== BYTES) return;
  to.bytes = from.bytes;
  to.start = from.start;
  to.end = from.end;
}
