import { decodeExample, type Feature } from 'recordpipe/messages';

/** A truth value: true, false or unknown. */
export type OracleTruth = boolean | undefined;

/** Values of features in plain JavaScript: integers are bigints and bytes are Latin-1 strings. */
export type OracleRecord = ReadonlyMap<string, { readonly kind: string; readonly values: readonly Scalar[] }>;
export type Scalar = bigint | number | string;

/** An expression that the oracle evaluates. */
export type Expression =
  | { readonly op: 'compare'; readonly sign: Sign; readonly left: Operand; readonly right: Operand }
  | { readonly op: 'and' | 'or'; readonly all: readonly Expression[] }
  | { readonly op: 'not'; readonly one: Expression }
  | { readonly op: 'has'; readonly name: string }
  | { readonly op: 'inList'; readonly left: Operand; readonly items: readonly Operand[] }
  | { readonly op: 'inFeature'; readonly item: Operand; readonly name: string }
  | {
      readonly op: 'exists' | 'all' | 'exists_one';
      readonly name: string;
      readonly sign: Sign;
      readonly item: Operand;
    }
  | { readonly op: 'startsWith' | 'endsWith' | 'contains'; readonly left: Operand; readonly part: string };

export type Sign = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Operand =
  | { readonly of: 'literal'; readonly value: Scalar }
  | { readonly of: 'feature'; readonly name: string }
  | { readonly of: 'item'; readonly name: string; readonly index: number }
  | { readonly of: 'length'; readonly name: string };

/** Thrown for values that an operator does not accept. */
export class OracleMismatch extends Error {}

/** Decodes a record completely. */
export function oracleRecord(bytes: Uint8Array): OracleRecord {
  const entries = [...decodeExample(bytes)].map(
    ([name, feature]): [string, { kind: string; values: Scalar[] }] => [
      name,
      { kind: feature.kind, values: scalars(feature) },
    ],
  );
  return new Map(entries.filter(([, { kind }]) => kind !== 'none'));
}

function scalars(feature: Feature): Scalar[] {
  switch (feature.kind) {
    case 'bytes':
      return feature.value.map((one) => Buffer.from(one).toString('latin1'));
    case 'int64':
      return Array.from(feature.value as BigInt64Array);
    default:
      return Array.from(feature.value as Float32Array);
  }
}

/** Writes an expression in the syntax of filters. */
export function written(expression: Expression): string {
  switch (expression.op) {
    case 'compare':
      return `${operandText(expression.left)} ${expression.sign} ${operandText(expression.right)}`;
    case 'and':
      return `(${expression.all.map(written).join(' && ')})`;
    case 'or':
      return `(${expression.all.map(written).join(' || ')})`;
    case 'not':
      return `!(${written(expression.one)})`;
    case 'has':
      return `has(${nameText(expression.name)})`;
    case 'inList':
      return `${operandText(expression.left)} in [${expression.items.map(operandText).join(', ')}]`;
    case 'inFeature':
      return `${operandText(expression.item)} in ${nameText(expression.name)}`;
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return `${operandText(expression.left)}.${expression.op}(${literalText(expression.part)})`;
    default:
      return `${nameText(expression.name)}.${expression.op}(x, x ${expression.sign} ${operandText(expression.item)})`;
  }
}

function nameText(name: string): string {
  return /^[a-z.]+$/.test(name) ? name : `feature(${JSON.stringify(name)})`;
}

function operandText(operand: Operand): string {
  switch (operand.of) {
    case 'literal':
      return literalText(operand.value);
    case 'feature':
      return nameText(operand.name);
    case 'item':
      return `${nameText(operand.name)}[${operand.index}]`;
    default:
      return `len(${nameText(operand.name)})`;
  }
}

function literalText(value: Scalar): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string')
    return `b"${[...Buffer.from(value, 'latin1')].map((one) => `\\x${one.toString(16).padStart(2, '0')}`).join('')}"`;
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Evaluates an expression in the obvious way. @throws OracleMismatch */
export function evaluated(expression: Expression, record: OracleRecord): OracleTruth {
  switch (expression.op) {
    case 'compare': {
      const left = valueIn(expression.left, record);
      if (left === undefined) return undefined;
      const right = valueIn(expression.right, record);
      if (right === undefined) return undefined;
      return compared(left, expression.sign, right);
    }
    case 'and': {
      let result: OracleTruth = true;
      for (const one of expression.all) {
        const truth = evaluated(one, record);
        if (truth === false) return false;
        if (truth === undefined) result = undefined;
      }
      return result;
    }
    case 'or': {
      let result: OracleTruth = false;
      for (const one of expression.all) {
        const truth = evaluated(one, record);
        if (truth === true) return true;
        if (truth === undefined) result = undefined;
      }
      return result;
    }
    case 'not': {
      const truth = evaluated(expression.one, record);
      return truth === undefined ? undefined : !truth;
    }
    case 'has':
      return record.has(expression.name);
    case 'inList': {
      const left = valueIn(expression.left, record);
      if (left === undefined) return undefined;
      return expression.items.map((item) => compared(left, '==', valueIn(item, record)!)).includes(true);
    }
    case 'inFeature': {
      const item = valueIn(expression.item, record);
      const values = record.get(expression.name);
      if (item === undefined || values === undefined) return undefined;
      for (const one of elements(values)) if (compared(one, '==', item)) return true;
      return false;
    }
    case 'startsWith':
    case 'endsWith':
    case 'contains': {
      const left = valueIn(expression.left, record);
      if (left === undefined) return undefined;
      if (typeof left.value !== 'string') throw new OracleMismatch();
      if (expression.op === 'contains') return left.value.includes(expression.part);
      return expression.op === 'startsWith'
        ? left.value.startsWith(expression.part)
        : left.value.endsWith(expression.part);
    }
    default: {
      const values = record.get(expression.name);
      const item = valueIn(expression.item, record)!;
      if (values === undefined) return undefined;
      let found = 0;
      for (const one of elements(values)) {
        if (compared(one, expression.sign, item)) {
          found++;
          if (expression.op === 'exists') return true;
          if (expression.op === 'exists_one' && found > 1) return false;
        } else if (expression.op === 'all') return false;
      }
      return expression.op === 'all' || found === 1;
    }
  }
}

interface Typed {
  readonly value: Scalar;
  readonly kind: string;
}

function elements({ kind, values }: { kind: string; values: readonly Scalar[] }): Typed[] {
  return values.map((value) => ({ value, kind }));
}

function valueIn(operand: Operand, record: OracleRecord): Typed | undefined {
  if (operand.of === 'literal') {
    const { value } = operand;
    return {
      value,
      kind: typeof value === 'string' ? 'bytes' : typeof value === 'number' ? 'decimal' : 'int64',
    };
  }
  const found = record.get(operand.name);
  if (found === undefined) return undefined;
  const all = elements(found);
  if (operand.of === 'length') return { value: BigInt(all.length), kind: 'int64' };
  if (operand.of === 'item') return all[operand.index];
  if (all.length > 1) throw new OracleMismatch();
  return all[0];
}

function compared(left: Typed, sign: Sign, right: Typed): boolean {
  if ((left.kind === 'bytes') !== (right.kind === 'bytes')) throw new OracleMismatch();
  const a =
    left.kind === 'decimal' && right.kind === 'float' ? Math.fround(left.value as number) : left.value;
  const b =
    right.kind === 'decimal' && left.kind === 'float' ? Math.fround(right.value as number) : right.value;
  switch (sign) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: numbers and bigints are compared by value
      return a == b;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: numbers and bigints are compared by value
      return a != b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}
