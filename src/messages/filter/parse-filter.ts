import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';

/** Node of a parsed expression. */
export type FilterNode = ASTNode;

/** Limits on the syntax tree, so that no expression exhausts the stack or the memory. */
const LIMITS = {
  maxAstNodes: 20_000,
  maxDepth: 100,
  maxListElements: 10_000,
  maxMapEntries: 10,
  maxCallArguments: 10,
};

/** Names of the parser's tokens in error messages. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end of the expression',
  NUMBER: 'a number',
  STRING: 'a string',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '+',
  MINUS: '-',
  MULTIPLY: '*',
  DIVIDE: '/',
  MODULO: '%',
  EQ: '==',
  NE: '!=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
  AND: '&&',
  OR: '||',
  NOT: '!',
  IN: 'in',
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
  DOT: '.',
  COMMA: ',',
  COLON: ':',
  QUESTION: '?',
  BYTES: 'bytes',
};

/** Operators of other languages, and those of this one. */
const OTHER_OPERATORS: Readonly<Record<string, string>> = {
  and: '&&',
  AND: '&&',
  or: '||',
  OR: '||',
  not: '!',
  NOT: '!',
  is: '==',
  '=': '==',
  '&': '&&',
  '|': '||',
  '~': '.matches("…")',
  '`': 'feature("name")',
};

/** Place and description of a syntax error. */
export interface SyntaxProblem {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

let environment: Environment | undefined;

/** Parses an expression of CEL, the Common Expression Language. */
export function parseFilter(expression: string): FilterNode | SyntaxProblem {
  environment ??= new Environment({ limits: LIMITS });
  try {
    return environment.parse(expression).ast;
  } catch (error) {
    // The parser limits the depth of parentheses, but not that of `!` and `-`.
    if (error instanceof RangeError) return { start: 0, end: 1, what: TOO_DEEP };
    if (!(error instanceof ParseError)) throw error;
    const { code, summary, range } = error;
    const { start, end } = range ?? { start: expression.length, end: expression.length };
    return { start, end, what: problem(code, summary, expression.slice(start, end)) };
  }
}

const TOO_DEEP = 'the expression is nested too deeply';

/** Describes a syntax error in the words of this package. */
function problem(code: string, summary: string, text: string): string {
  switch (code) {
    case 'unexpected_token':
      return `expected a value or a name, got ${shownToken(summary.replace(/^.*: /, ''))}`;
    case 'expected_token': {
      const [, expected, got] = /^Expected (\w+), got (\w+)$/.exec(summary) ?? [];
      return `expected ${shownToken(expected)}, got ${shownToken(got)}`;
    }
    case 'unexpected_character': {
      const other = Object.hasOwn(OTHER_OPERATORS, text) ? `; write ${OTHER_OPERATORS[text]}` : '';
      return `expected an operator or the end of the expression, got ${text}${other}`;
    }
    case 'limit_exceeded':
      return summary.includes('maxDepth')
        ? TOO_DEEP
        : `the expression is too large: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`;
    case 'reserved_identifier':
      return `${text} is a reserved word; write feature("${text}")`;
    default:
      return summary.charAt(0).toLowerCase() + summary.slice(1);
  }
}

function shownToken(name: string): string {
  return TOKENS[name] ?? name;
}
