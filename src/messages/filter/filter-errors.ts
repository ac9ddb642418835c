import { UsageError } from '../../errors.ts';

/** Maximum number of characters of an expression that an error shows on each side. */
const MAX_SHOWN = 40;

/** Returns the error for a part of an expression, which it shows with a caret. */
export function filterError(
  expression: string,
  { start, end }: { readonly start: number; readonly end: number },
  what: string,
): UsageError {
  const from = Math.max(0, start - MAX_SHOWN);
  const to = Math.min(expression.length, Math.max(start + MAX_SHOWN, from + 2 * MAX_SHOWN));
  const before = from > 0 ? '…' : '';
  const after = to < expression.length ? '…' : '';
  const shown = expression.slice(from, to).replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  const marked = Math.max(1, Math.min(end, to) - start);
  const caret = ' '.repeat(before.length + start - from) + '^'.repeat(marked);
  return new UsageError(`where: ${what}\n  ${before}${shown}${after}\n  ${caret}`);
}

/** Returns the error for an expression that is nested too deeply. */
export function nestedTooDeeply(expression: string): UsageError {
  return filterError(expression, { start: 0, end: 1 }, 'the expression is nested too deeply');
}

/** Returns the message for a comparison of a string with another literal. */
export function noFeature(operator: string, text: string): string {
  const name = JSON.stringify(text);
  return `expected a feature on one side of ${operator}; if ${name} is a feature, write feature(${name})`;
}
