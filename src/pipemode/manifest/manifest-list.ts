import { JsonCursor, JsonMistake, type JsonSpan } from './json-cursor.ts';
import type { ManifestRefs } from './manifest-lines.ts';

const MAX_KEY_BYTES = 1024;

/** Codes of the mistakes that a ManifestFile may contain. */
export type ManifestListMistake =
  | 'malformed-json'
  | 'single-quotes'
  | 'byte-order-mark'
  | 'empty-manifest'
  | 'bad-prefix'
  | 'bad-suffix'
  | 'duplicate-suffix';

/** A receiver of the entries and mistakes of a ManifestFile, each with its position in the text. */
export interface ManifestListVisitor {
  /** Called once, before the first object. */
  prefix?(prefix: string): void;
  object(uri: string, at: number): void;
  problem(severity: 'error' | 'warning', code: ManifestListMistake, at: number, message: string): void;
}

/**
 * Visits the entries of a ManifestFile: a JSON array that contains `{"prefix": "s3://…"}` followed
 * by the suffix of each address.
 * @param refs the kinds of address that the prefix may contain: only S3, or also paths and `file:`
 *   URLs
 * @returns the number of objects
 */
export function visitManifestList(text: string, visitor: ManifestListVisitor, refs: ManifestRefs): number {
  const cursor = new JsonCursor(text);
  if (text.startsWith('\ufeff')) {
    visitor.problem('warning', 'byte-order-mark', 0, BYTE_ORDER_MARK);
    cursor.at = 1;
  }
  const suffixes = new Suffixes(text, visitor);
  try {
    cursor.expect('[', 'at the start of a list');
    for (let index = 0; !cursor.takes(']'); index++) {
      if (index > 0) cursor.expect(',', 'or ] after a value');
      const value = cursor.value();
      if (index > 0) suffixes.add(value);
      else suffixes.start(value, refs);
    }
    cursor.expectEnd();
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    visitor.problem('error', error.code, error.at, error.message);
    return suffixes.count;
  }
  if (suffixes.count === 0) visitor.problem('error', 'empty-manifest', 0, 'the list has no objects');
  return suffixes.count;
}

/** Text of the warning about a byte order mark. */
export const BYTE_ORDER_MARK =
  'a byte order mark, which JSON does not allow; recordpipe skips it, but SageMaker may reject it; save the file as UTF-8 without a byte order mark';

class Suffixes {
  count = 0;
  readonly #text: string;
  readonly #visitor: ManifestListVisitor;
  readonly #seen = new Set<string>();
  #prefix = '';

  constructor(text: string, visitor: ManifestListVisitor) {
    this.#text = text;
    this.#visitor = visitor;
  }

  start(value: JsonSpan, refs: ManifestRefs): void {
    const prefix = this.#prefixOf(value, refs);
    if (prefix !== undefined) {
      this.#prefix = prefix;
      this.#visitor.prefix?.(prefix);
    } else {
      const what = 'expected {"prefix": "s3://bucket/…"} as the first element';
      this.#visitor.problem('error', 'bad-prefix', value.start, what);
      if (value.kind === 'string') this.add(value);
    }
  }

  add({ kind, start, end }: JsonSpan): void {
    this.count++;
    const problem = (severity: 'error' | 'warning', what: string): void =>
      this.#visitor.problem(severity, 'bad-suffix', start, what);
    if (kind !== 'string') {
      problem('error', `expected a key suffix (a string), got ${kind}`);
      return;
    }
    const suffix = JSON.parse(this.#text.slice(start, end)) as string;
    if (/^(?:s3|https?):\/\//i.test(suffix)) {
      problem('error', 'expected a key suffix, got a whole address; list only the part after the prefix');
      return;
    }
    if (suffix === '') problem('warning', 'the key suffix is empty');
    const uri = this.#prefix + suffix;
    const [, key] = /^s3:\/\/[^/]+\/(.*)$/s.exec(uri) ?? ['', ''];
    if (Buffer.byteLength(key) > MAX_KEY_BYTES)
      problem('error', `the key has more than ${MAX_KEY_BYTES} bytes`);
    if (this.#seen.has(suffix))
      this.#visitor.problem(
        'warning',
        'duplicate-suffix',
        start,
        'the object is listed twice, so SageMaker reads it twice',
      );
    this.#seen.add(suffix);
    this.#visitor.object(uri, start);
  }

  #prefixOf({ kind, start, end }: JsonSpan, refs: ManifestRefs): string | undefined {
    if (kind !== 'object') return undefined;
    const { prefix } = JSON.parse(this.#text.slice(start, end)) as { prefix?: unknown };
    if (typeof prefix !== 'string' || prefix === '') return undefined;
    const address = prefix.replace(/^s3:\/\//i, 's3://');
    return refs === 'any' || /^s3:\/\/[^/]+(\/|$)/.test(address) ? address : undefined;
  }
}

/** Maps positions to lines. Fast if positions are in ascending order. */
export class LinePositions {
  readonly #text: string;
  #line = 1;
  #start = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Returns the line at a position: its one-based number, its text, and the position within the
   * line.
   */
  find(at: number): { readonly line: number; readonly text: string; readonly at: number } {
    if (at < this.#start) {
      this.#line = 1;
      this.#start = 0;
    }
    let end = this.#text.indexOf('\n', this.#start);
    for (; end >= 0 && end < at; end = this.#text.indexOf('\n', this.#start)) {
      this.#start = end + 1;
      this.#line++;
    }
    const text = this.#text.slice(this.#start, end < 0 ? undefined : end);
    return { line: this.#line, text, at: at - this.#start };
  }
}
