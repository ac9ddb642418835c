import { RecordpipeError } from '../../errors.ts';
import { compactJson, excerptAt, type JsonMember, JsonMistake, jsonMembers } from './json-cursor.ts';

/** The position of a line in a manifest. */
export interface ManifestPlace {
  /** Name of the manifest. */
  readonly uri?: string | undefined;
  /** One-based line number. */
  readonly line?: number | undefined;
  /** Zero-based offset of the line's first byte. */
  readonly offset?: number | undefined;
}

/**
 * The kinds of address that a `-ref` attribute may contain. `s3`: only S3 objects, as in SageMaker.
 * `any`: also absolute paths and `file:` URLs, for manifests used on one machine.
 */
export type ManifestRefs = 's3' | 'any';

/** The value of one attribute in a line of an augmented manifest. */
export interface ManifestValue {
  /** Name of the attribute. */
  readonly name: string;
  /** Whether the name ends with `-ref`, which makes `text` the address of an object. */
  readonly ref: boolean;
  /**
   * The text that SageMaker streams, encoded as UTF-8. Strings lose their quotes, and numbers keep
   * their digits. `true`, `false` and `null` are unchanged. Arrays and objects become JSON without
   * white space, in manifest order.
   */
  readonly text: string;
}

const MAX_ATTRIBUTES = 16;
const MAX_NAME_CHARACTERS = 256;
const LINE_FEED = 10;
const VIRTUAL_HOST = /^https:\/\/([a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?\/([^?#]+)$/;
const PATH_STYLE = /^https:\/\/s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?\/([^/?#]+)\/([^?#]+)$/;
const FILE = /^(?:file:\/\/)?\/./s;
const LONE_SURROGATE = /\p{Surrogate}/u;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Returns the values of the named attributes in one line of an augmented manifest (JSON Lines), in
 * the order of the names. Ignores other attributes. If a name occurs twice, its last value is used.
 * Numbers keep their digits.
 *
 * The rules come from SageMaker's developer guide, "Augmented manifest files", and from
 * API_S3DataSource. These do not specify how a value becomes text; see `ManifestValue.text`.
 *
 * @param line the line without its line end; a trailing carriage return counts as white space, and
 * a byte order mark at the start of the first line is skipped
 * @param attributeNames the names of the attributes to return, which are case-sensitive
 * @param place the position of the line, for error messages
 * @param refs the kinds of address that a `-ref` may contain; the default is `s3`
 * @throws RecordpipeError `malformed-manifest` for a line that is not a JSON object, or for a
 * `-ref` that is not the address of an object; `missing-attribute`
 * @example
 * ```ts
 * import { parseManifestLine } from 'recordpipe/pipemode/manifest';
 * const line = '{"image-ref": "s3://bucket/cat.jpg", "label": 1.50, "box": [1, 2]}';
 * for (const { name, ref, text } of parseManifestLine(line, ['image-ref', 'label', 'box'])) console.log(name, ref, text);
 * // image-ref true s3://bucket/cat.jpg
 * // label false 1.50
 * // box false [1,2]
 * ```
 */
export function parseManifestLine(
  line: Uint8Array | string,
  attributeNames: readonly string[],
  place: ManifestPlace = {},
  refs: ManifestRefs = 's3',
): ManifestValue[] {
  const whole = typeof line === 'string' ? line : decoded(line, place);
  const text = (place.line ?? 1) === 1 ? whole.replace(/^\ufeff/, '') : whole;
  let members: JsonMember[];
  try {
    members = jsonMembers(text);
  } catch (error) {
    if (error instanceof JsonMistake) throw malformedManifest(error.message, text, error.at, place);
    throw error;
  }
  return attributeNames.map((name) => {
    const member = members.findLast((one) => one.name === name);
    if (member !== undefined) return attributeValue(text, member, place, refs);
    const names = members.map((one) => JSON.stringify(one.name)).join(', ') || 'none';
    const what = `no attribute ${JSON.stringify(name)}; the line has only ${names}`;
    throw malformedManifest(what, text, 0, place, 'missing-attribute');
  });
}

function attributeValue(
  text: string,
  { name, value }: JsonMember,
  place: ManifestPlace,
  refs: ManifestRefs,
): ManifestValue {
  const ref = isRefName(name);
  if (value.kind !== 'string' && !ref) return { name, ref, text: compactJson(text, value) };
  const string = value.kind === 'string' ? (JSON.parse(text.slice(value.start, value.end)) as string) : '';
  if (!ref) {
    if (!LONE_SURROGATE.test(string)) return { name, ref, text: string };
    throw malformedManifest('a lone surrogate cannot be encoded as UTF-8', text, value.start, place);
  }
  const uri = s3UriOf(string) ?? (refs === 'any' && FILE.test(string) ? string : undefined);
  if (uri !== undefined) return { name, ref, text: uri };
  throw malformedManifest(refMistake(name, value.kind), text, value.start, place);
}

function decoded(line: Uint8Array, place: ManifestPlace): string {
  try {
    return UTF8.decode(line);
  } catch {
    const text = Buffer.from(line).toString('utf8');
    throw malformedManifest('not UTF-8', text, Math.max(text.indexOf('\ufffd'), 0), place);
  }
}

/** Returns the error for a mistake at a position in a line, with an excerpt. */
export function malformedManifest(
  what: string,
  text: string,
  at: number,
  { uri, line, offset }: ManifestPlace,
  code: 'malformed-manifest' | 'missing-attribute' = 'malformed-manifest',
): RecordpipeError {
  const { column, excerpt } = excerptAt(text, at);
  const where = line === undefined ? `column ${column}` : `line ${line}, column ${column}`;
  const record = line === undefined ? undefined : line - 1;
  return new RecordpipeError(code, `${where}: ${what}: ${excerpt}`, { uri, record, offset });
}

/** Reports whether the attribute's value is the address of an object. */
export function isRefName(name: string): boolean {
  return name.endsWith('-ref');
}

/** Returns the message for a `-ref` value that is not an address. */
export function refMistake(name: string, kind: string): string {
  const got = kind === 'string' ? '' : `, got ${kind}`;
  return `${JSON.stringify(name)} is not the address of an object: expected "s3://bucket/key"${got}`;
}

/** Reports whether SageMaker accepts the attribute name. */
export function isAttributeName(name: unknown): boolean {
  return typeof name === 'string' && name.length >= 1 && name.length <= MAX_NAME_CHARACTERS;
}

/**
 * Describes the mistake in a list of attribute names, according to SageMaker's rules for
 * AttributeNames. Returns undefined if the list is valid.
 */
export function attributeNamesMistake(names: unknown): string | undefined {
  if (!Array.isArray(names) || names.length < 1 || names.length > MAX_ATTRIBUTES) {
    const got = Array.isArray(names) ? names.length : typeof names;
    return `expected 1 to ${MAX_ATTRIBUTES} names, got ${got}`;
  }
  const wrong = names.findIndex((name) => !isAttributeName(name));
  if (wrong < 0) return undefined;
  return `expected names of 1 to ${MAX_NAME_CHARACTERS} characters, got ${JSON.stringify(names[wrong])}`;
}

/**
 * Converts an S3 address that starts with `s3:` (in any case) or `https:` to `s3://bucket/key`.
 * Returns undefined for any other text.
 */
export function s3UriOf(text: string): string | undefined {
  if (/^s3:\/\/[^/]+\/./is.test(text)) return `s3${text.slice(2)}`;
  const [, bucket, path] = VIRTUAL_HOST.exec(text) ?? PATH_STYLE.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  try {
    return `s3://${bucket}/${decodeURIComponent(path)}`;
  } catch {
    return undefined;
  }
}

/** A line of an augmented manifest, without its line feed. */
export interface SourceLine {
  /** One-based line number. Blank lines count. */
  readonly number: number;
  /** Zero-based offset of the line's first byte. */
  readonly offset: number;
  /** Bytes of the line, or of its start if it is too long. Valid until the next chunk is pushed. */
  readonly bytes: Uint8Array;
  /** Whether the line ends with a line feed. */
  readonly ended: boolean;
  readonly tooLong: boolean;
}

/** Splits chunks into lines. Buffers at most one line, up to a maximum length. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  /** Copies of the earlier parts of a line that spans several chunks. */
  #parts: Uint8Array[] = [];
  #heldBytes = 0;
  #number = 1;
  #offset = 0;
  #bytesBefore = 0;
  /** Whether the current line is too long and its start was already yielded. */
  #skipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Yields each line that ends in the chunk, and the start of each line that exceeds the limit. */
  *push(chunk: Uint8Array): Generator<SourceLine, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      const found = chunk.indexOf(LINE_FEED, at);
      const ended = found >= 0;
      const end = ended ? found : chunk.length;
      const piece = chunk.subarray(at, end);
      const tooLong = this.#heldBytes + piece.length > this.#maxLineBytes;
      if (!this.#skipping && (ended || tooLong)) yield this.#line(piece, ended, tooLong);
      else if (!this.#skipping) this.#hold(piece);
      this.#skipping = !ended && (this.#skipping || tooLong);
      at = end + 1;
      if (ended) {
        this.#number++;
        this.#offset = this.#bytesBefore + at;
      }
    }
    this.#bytesBefore += chunk.length;
  }

  /** Yields the last line if it does not end with a line feed. */
  *end(): Generator<SourceLine, void, undefined> {
    if (this.#heldBytes > 0) yield this.#line(new Uint8Array(0), false, false);
  }

  #hold(piece: Uint8Array): void {
    this.#parts.push(piece.slice());
    this.#heldBytes += piece.length;
  }

  #line(piece: Uint8Array, ended: boolean, tooLong: boolean): SourceLine {
    const bytes = this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece]);
    this.#parts = [];
    this.#heldBytes = 0;
    return { number: this.#number, offset: this.#offset, bytes, ended, tooLong };
  }
}
