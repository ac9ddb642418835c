import { RE2JS } from 're2js';
import type { Pattern } from './tests.ts';

/**
 * Compiles a regular expression in RE2's syntax, as CEL requires. RE2 takes time proportional to the
 * length of the text for any expression, whereas JavaScript's can take exponential time.
 *
 * @throws Error for an invalid expression
 */
export function compilePattern(pattern: string): Pattern {
  return RE2JS.compile(pattern);
}
