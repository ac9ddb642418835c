import type { PythonDict, PythonValue } from './python-json.ts';

/** Returns the text of Python's `str(value)`. */
export function pythonStr(value: PythonValue): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/**
 * Returns the text of `json.dumps(value, sort_keys=True, separators=(',', ':'))`, which is ASCII
 * only.
 */
export function pythonJson(value: PythonValue): string {
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return jsonFloat(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(',')}]`;
  if (isDict(value)) {
    const members = sortedEntries(value).map(([key, one]) => `${jsonString(key)}:${pythonJson(one)}`);
    return `{${members.join(',')}}`;
  }
  return String(value); // Null, booleans and integers.
}

/** Reports whether a value is true in a Python condition. */
export function isTruthy(value: PythonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value !== undefined && isDict(value)) return value.size > 0;
  return Boolean(value) || Number.isNaN(value);
}

/** Returns the entries of a dictionary sorted by key, in Python's order (by code point). */
export function sortedEntries(dict: PythonDict): readonly (readonly [string, PythonValue])[] {
  return [...dict].sort(([a], [b]) => compareCodePoints(a, b));
}

/** Compares strings by code point, as Python does. JavaScript compares UTF-16 code units. */
export function compareCodePoints(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  // If the second halves of two surrogate pairs differ, the whole pairs differ.
  return codeAt(a, at) - codeAt(b, at);
}

/** Reports whether a value is a dictionary. */
export function isDict(value: PythonValue): value is PythonDict {
  return value instanceof Map;
}

function codeAt(text: string, at: number): number {
  const whole = at > 0 && isHighSurrogate(text.charCodeAt(at - 1)) ? at - 1 : at;
  return text.codePointAt(whole) ?? -1;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Returns the text of Python's `repr(value)`. */
function pythonRepr(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return floatRepr(value);
  if (typeof value === 'string') return stringRepr(value);
  if (isDict(value)) {
    const members = [...value].map(([key, one]) => `${stringRepr(key)}: ${pythonRepr(one)}`);
    return `{${members.join(', ')}}`;
  }
  return `[${value.map(pythonRepr).join(', ')}]`;
}

/** Range of exponents that Python prints as plain decimals, without an exponent. */
const MIN_PLAIN_EXPONENT = -4;
const MAX_PLAIN_EXPONENT = 15;

/**
 * Returns the text of Python's `repr` of a float. Both languages print the shortest digits that
 * yield the same float, in different layouts.
 */
function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [, sign, first, rest = '', exponentText] = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(
    value.toExponential(),
  )!;
  const exponent = Number(exponentText);
  const digits = first + rest;
  if (exponent < MIN_PLAIN_EXPONENT || exponent > MAX_PLAIN_EXPONENT) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${first}${rest && `.${rest}`}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

function jsonFloat(value: number): string {
  if (Number.isFinite(value)) return floatRepr(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Matches backslashes and the characters that Python does not print. A plain space is printed. */
const ESCAPED = /\\|(?! )[\p{C}\p{Z}]/gu;

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(ESCAPED, (character) => {
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}
