import type { UsageError } from '../../errors.ts';
import { filterError, nestedTooDeeply, noFeature } from './filter-errors.ts';
import { ListReader } from './list-reader.ts';
import {
  Arithmetic,
  type ArithmeticOperator,
  ByteLength,
  Choice,
  Condition,
  FeatureLength,
  FeatureValue,
  IndexedValue,
  Literal,
} from './operands.ts';
import type { FilterNode } from './parse-filter.ts';
import { RecordFeatures } from './record-features.ts';
import { CONDITION, NUMBERS, staticType } from './static-type.ts';
import {
  All,
  Any,
  BytesTest,
  Comparison,
  type ComparisonOperator,
  Constant,
  Either,
  Has,
  InFeature,
  InLiterals,
  ListEquality,
  Matches,
  Not,
  type Pattern,
  Quantified,
} from './tests.ts';
import { BYTES, FALSE, NO_VALUE, type Operand, type Slot, type Test, TRUE } from './value.ts';

/** A compiled expression. */
export interface CompiledFilter {
  /** The condition on the record whose features were found last. */
  readonly test: Test;
  readonly features: RecordFeatures;
}

/** Compiles a regular expression. @throws Error if it is invalid */
export type CompilePattern = (pattern: string) => Pattern;

/** Maximum depth of the tree after chains of `&&` and `||` have been joined. */
const MAX_DEPTH = 250;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
const QUANTIFIERS: ReadonlySet<string> = new Set(['exists', 'all', 'exists_one']);
const BYTES_METHODS: ReadonlySet<string> = new Set(['startsWith', 'endsWith', 'contains']);
/** Operators and functions whose results are conditions. */
const CONDITIONS: ReadonlySet<string> = new Set(['&&', '||', '!_', 'in', ...COMPARISONS]);
const FUNCTIONS = 'has, len, size, feature, startsWith, endsWith, contains, matches, exists, all, exists_one';

/**
 * Compiles a parsed expression.
 *
 * @param patterns compiles regular expressions
 * @throws UsageError for an invalid expression, with the place in the expression
 */
export function compiledFilter(
  expression: string,
  root: FilterNode,
  patterns: CompilePattern,
): CompiledFilter {
  return new Compilation(expression, patterns).compiled(root);
}

class Compilation {
  readonly #expression: string;
  readonly #patterns: CompilePattern;
  readonly #slots = new Map<string, Slot>();
  /** Readers of all features, which need the features once all of them are known. */
  readonly #features = new RecordFeatures();
  /** Variables of the macros around the current node. */
  readonly #variables = new Map<string, ListReader>();
  #depth = 0;

  constructor(expression: string, patterns: CompilePattern) {
    this.#expression = expression;
    this.#patterns = patterns;
  }

  compiled(root: FilterNode): CompiledFilter {
    const test = this.#test(root);
    this.#features.use([...this.#slots.keys()]);
    return { test, features: this.#features };
  }

  /** Compiles a condition. */
  #test(node: FilterNode): Test {
    return this.#nested(() => this.#testOf(node));
  }

  #testOf(node: FilterNode): Test {
    switch (node.op) {
      case '&&':
        return new All(chain(node).map((part) => this.#test(part)));
      case '||':
        return new Any(chain(node).map((part) => this.#test(part)));
      case '!_':
        return new Not(this.#test(node.args));
      case '?:': {
        const [condition, yes, no] = node.args;
        return new Either(this.#test(condition), this.#test(yes), this.#test(no));
      }
      case 'in':
        return this.#membership(node.args[0], node.args[1]);
      case 'value':
        if (typeof node.args === 'boolean') return new Constant(node.args ? TRUE : FALSE);
        break;
      case 'call':
        return this.#calledTest(node, node.args[0], node.args[1]);
      case 'rcall':
        return this.#calledTest(node, node.args[0], [node.args[1], ...node.args[2]]);
      default:
        if (COMPARISONS.has(node.op)) {
          const [left, right] = node.args as [FilterNode, FilterNode];
          return this.#comparison(node, node.op as ComparisonOperator, left, right);
        }
    }
    const name = this.#nameOf(node);
    throw this.#error(
      node,
      name === undefined
        ? 'expected a condition, got a value; compare the value with another value'
        : `expected a condition, got the feature ${JSON.stringify(name)}; compare it with a value, or test whether it exists: has(…)`,
    );
  }

  #calledTest(node: FilterNode, name: string, args: readonly FilterNode[]): Test {
    if (name === 'has') {
      this.#arguments(node, name, args, 1);
      const [argument] = args;
      const isText = argument.op === 'value' && typeof argument.args === 'string';
      const feature = isText ? (argument.args as string) : this.#nameOf(argument);
      if (feature !== undefined) return new Has(this.#features, this.#slot(feature));
      throw this.#error(argument, 'expected the name of a feature');
    }
    if (BYTES_METHODS.has(name)) {
      this.#arguments(node, name, args, 2);
      const [value, part] = args.map((arg) => this.#bytes(arg, name));
      return new BytesTest(name as 'contains', value, part);
    }
    if (name === 'matches') {
      this.#arguments(node, name, args, 2);
      return new Matches(this.#bytes(args[0], name), this.#pattern(args[1]));
    }
    if (QUANTIFIERS.has(name)) {
      this.#arguments(node, name, args, 3);
      return this.#quantified(name as 'all', args[0], args[1], args[2]);
    }
    if (name === 'len' || name === 'size' || name === 'feature')
      throw this.#error(
        node,
        `expected a condition, got the value of ${name}(…); compare the value with another value`,
      );
    throw this.#error(node, `unknown function ${name}; expected one of ${FUNCTIONS}`);
  }

  #quantified(quantifier: 'all', list: FilterNode, variable: FilterNode, condition: FilterNode): Test {
    if (variable.op !== 'id') throw this.#error(variable, 'expected a name for the variable');
    const reader = this.#reader(list);
    const outer = this.#variables.get(variable.args);
    this.#variables.set(variable.args, reader);
    const test = this.#test(condition);
    if (outer === undefined) this.#variables.delete(variable.args);
    else this.#variables.set(variable.args, outer);
    return new Quantified(quantifier, reader, test);
  }

  #comparison(node: FilterNode, operator: ComparisonOperator, left: FilterNode, right: FilterNode): Test {
    const lists = [left, right].filter(({ op }) => op === 'list');
    if (lists.length > 0) return this.#listEquality(node, operator, left, right);
    const [one, other] = [this.#operand(left), this.#operand(right)];
    const text = [left, right].find(({ args }) => typeof args === 'string');
    if (one instanceof Literal && other instanceof Literal && text !== undefined)
      throw this.#error(node, noFeature(operator, text.args as string));
    const types = [one, other].map((operand) => staticType(operand));
    // No feature is a condition.
    if (types[0] !== types[1] && (!types.includes(NO_VALUE) || types.includes(CONDITION)))
      throw this.#error(node, `cannot compare ${one.describe()} with ${other.describe()}`);
    return new Comparison(operator, one, other);
  }

  #listEquality(node: FilterNode, operator: ComparisonOperator, left: FilterNode, right: FilterNode): Test {
    if (operator !== '==' && operator !== '!=')
      throw this.#error(node, `lists can be compared only with == and !=, got ${operator}`);
    const [list, feature] = left.op === 'list' ? [left, right] : [right, left];
    if (list.op !== 'list') throw this.#error(list, 'expected a list');
    const equality = new ListEquality(
      this.#reader(feature),
      list.args.map((item) => this.#operand(item)),
    );
    return operator === '==' ? equality : new Not(equality);
  }

  #membership(value: FilterNode, list: FilterNode): Test {
    const operand = this.#operand(value);
    if (staticType(operand) === CONDITION)
      throw this.#error(value, 'expected a value before in, got a condition');
    if (list.op !== 'list') return new InFeature(operand, this.#reader(list));
    const items = list.args.map((item) => this.#operand(item));
    if (items.length === 0) throw this.#error(list, 'expected at least one value in the list');
    if (!items.every((item) => item instanceof Literal))
      return new Any(items.map((item) => new Comparison('==', operand, item)));
    if (new Set(items.map(staticType)).size > 1)
      throw this.#error(list, 'expected only numbers or only strings in the list');
    return new InLiterals(operand, items);
  }

  /** Compiles a value. */
  #operand(node: FilterNode): Operand {
    return this.#nested(() => this.#operandOf(node));
  }

  #operandOf(node: FilterNode): Operand {
    const variable = node.op === 'id' ? this.#variables.get(node.args) : undefined;
    if (variable !== undefined) return variable;
    const name = this.#nameOf(node);
    if (name !== undefined) return new FeatureValue(new ListReader(this.#features, this.#slot(name)));
    const { op, args } = node;
    if (ARITHMETIC.has(op)) {
      const [left, right] = (args as [FilterNode, FilterNode]).map((arg) => this.#number(arg, op));
      return new Arithmetic(op as ArithmeticOperator, left, right);
    }
    switch (op) {
      case 'value':
        return this.#literal(node, args);
      case '-_':
        return this.#negated(node, args);
      case '[]':
        return this.#indexed(args[0], args[1]);
      case '?:':
        if (!isCondition(args[1]))
          return new Choice(this.#test(args[0]), this.#operand(args[1]), this.#operand(args[2]));
        break;
      case 'call':
        if (isLength(args[0])) return this.#length(node, args[0], args[1]);
        break;
      case 'rcall':
        if (isLength(args[0])) return this.#length(node, args[0], [args[1], ...args[2]]);
        break;
      case 'list':
      case 'map':
      case '.':
        throw this.#error(node, 'expected a feature, a number or a string');
    }
    return new Condition(this.#test(node));
  }

  #literal(node: FilterNode, value: unknown): Operand {
    const text = this.#expression.slice(node.start, node.end);
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    if (typeof value === 'boolean') return new Condition(new Constant(value ? TRUE : FALSE));
    if (value === null)
      throw this.#error(node, 'features are never null; to test whether a feature is missing, write !has(…)');
    if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array)
      return new Literal(value, shown);
    return new Literal(this.#integer(node, BigInt(value as bigint)), shown);
  }

  #integer(node: FilterNode, value: bigint): bigint {
    if (value >= -(2n ** 63n) && value < 2n ** 64n) return value;
    throw this.#error(node, 'expected a 64-bit integer, got a larger integer');
  }

  #negated(node: FilterNode, operand: FilterNode): Operand {
    if (operand.op === 'value' && typeof operand.args === 'number')
      return new Literal(-operand.args, `-${operand.args}`);
    if (operand.op === 'value' && typeof operand.args === 'bigint')
      return new Literal(this.#integer(node, -operand.args), `-${operand.args}`);
    return new Arithmetic('-', new Literal(0n, '0'), this.#number(operand, '-'));
  }

  #indexed(list: FilterNode, index: FilterNode): Operand {
    const operand = this.#operand(index);
    if (operand instanceof Literal && (operand.type === BYTES || operand.number < 0))
      throw this.#error(index, 'expected an index >= 0');
    return new IndexedValue(this.#reader(list), operand);
  }

  #length(node: FilterNode, name: string, args: readonly FilterNode[]): Operand {
    this.#arguments(node, name, args, 1);
    const feature = this.#isVariable(args[0]) ? undefined : this.#nameOf(args[0]);
    if (feature === undefined) return new ByteLength(this.#bytes(args[0], name));
    return new FeatureLength(this.#features, new ListReader(this.#features, this.#slot(feature)));
  }

  /** Compiles a value that must not be a number. */
  #bytes(node: FilterNode, user: string): Operand {
    const operand = this.#operand(node);
    const type = staticType(operand);
    if (type === BYTES || type === NO_VALUE) return operand;
    throw this.#error(node, `expected a feature or a string for ${user}, got ${operand.describe()}`);
  }

  /** Compiles a value that must not be a string. */
  #number(node: FilterNode, user: string): Operand {
    const operand = this.#operand(node);
    const type = staticType(operand);
    if (type === NUMBERS || type === NO_VALUE) return operand;
    throw this.#error(node, `expected a feature or a number for ${user}, got ${operand.describe()}`);
  }

  #pattern(node: FilterNode): Pattern {
    if (node.op !== 'value' || typeof node.args !== 'string')
      throw this.#error(node, 'expected a regular expression as a string');
    try {
      return this.#patterns(node.args);
    } catch (error) {
      throw this.#error(node, `invalid regular expression: ${(error as Error).message}`);
    }
  }

  #reader(node: FilterNode): ListReader {
    const name = this.#isVariable(node) ? undefined : this.#nameOf(node);
    if (name === undefined) throw this.#error(node, 'expected the name of a feature');
    return new ListReader(this.#features, this.#slot(name));
  }

  #isVariable(node: FilterNode): boolean {
    return node.op === 'id' && this.#variables.has(node.args);
  }

  /**
   * Returns the name of the feature to which a node refers: `label`, `bbox.x` or `feature("a/b")`.
   */
  #nameOf(node: FilterNode): string | undefined {
    const fields: string[] = [];
    let at = node;
    for (; at.op === '.'; at = at.args[0]) fields.unshift(at.args[1]);
    if (at.op === 'id' && !(fields.length > 0 && this.#variables.has(at.args)))
      return [at.args, ...fields].join('.');
    if (fields.length > 0 || at.op !== 'call' || at.args[0] !== 'feature') return undefined;
    this.#arguments(at, 'feature', at.args[1], 1);
    const [name] = at.args[1];
    if (name.op === 'value' && typeof name.args === 'string') return name.args;
    throw this.#error(name, 'expected the name of a feature as a string');
  }

  #slot(name: string): Slot {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  #arguments(node: FilterNode, name: string, args: readonly FilterNode[], count: number): void {
    // A call on a value counts the value as an argument.
    const own = node.op === 'rcall' ? 1 : 0;
    if (args.length !== count)
      throw this.#error(
        node,
        `expected ${count - own} argument${count - own === 1 ? '' : 's'} for ${name}, got ${args.length - own}`,
      );
  }

  #nested<T>(compile: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw nestedTooDeeply(this.#expression);
    const result = compile();
    this.#depth--;
    return result;
  }

  #error(node: FilterNode, what: string): UsageError {
    return filterError(this.#expression, node, what);
  }
}

/** Returns the parts of a chain such as `a && b && c`, which the parser nests to the left. */
function chain(node: FilterNode): FilterNode[] {
  const parts: FilterNode[] = [];
  let at = node;
  while (at.op === node.op) {
    const [left, right] = at.args as [FilterNode, FilterNode];
    parts.push(right);
    at = left;
  }
  parts.push(at);
  return parts.reverse();
}

function isLength(name: string): boolean {
  return name === 'len' || name === 'size';
}

function isCondition({ op, args }: FilterNode): boolean {
  return CONDITIONS.has(op) || (op === 'value' && typeof args === 'boolean');
}
