import { RecordpipeError } from '../../errors.ts';
import { compactJson, excerptAt, type JsonMember, JsonMistake, jsonMembers } from './json-cursor.ts';
import { s3UriOf } from './list-manifest-objects.ts';

/** Where a line of a manifest stands. */
export interface ManifestPlace {
  /** What the manifest is called. */
  readonly uri?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
  /** Of its first byte, from 0. */
  readonly offset?: number | undefined;
}

/** Which objects a `-ref` may mean: those of S3, as in SageMaker, or files as well, by paths from the root and `file:` URLs, for manifests that are used on one machine. */
export type ManifestRefs = 's3' | 'any';

/** The value of one attribute of a line of an augmented manifest. */
export interface ManifestValue {
  readonly name: string;
  /** Whether the name ends with `-ref`: then `text` is the `s3://` address of the object whose bytes are meant. */
  readonly ref: boolean;
  /**
   * What SageMaker streams of the value, in UTF-8: of a string its characters without quotes, of a number its digits as they are written in the manifest, `true`, `false`, `null`, of an
   * array or object its JSON without white space, in the order of the manifest.
   */
  readonly text: string;
}

const IS_FILE = /^(?:file:\/\/)?\/./s;
const LONE_SURROGATE = /\p{Surrogate}/u;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The values of the named attributes of one line of an augmented manifest (JSON Lines), in the order of the names. Other attributes are ignored; of a name that is there twice the last one counts.
 * No number is rounded: values are taken as they are written.
 *
 * Source of the rules: SageMaker's developer guide, "Augmented manifest files", and API_S3DataSource; where those are silent (how a value becomes text), see README.
 *
 * @param line without its line end; a carriage return at its end is white space, and a byte order mark at the beginning
 *   of the first line is skipped
 * @param attributeNames case counts
 * @param place for messages
 * @param refs default `s3`
 * @throws RecordpipeError `malformed-manifest` for what is no JSON object, for a `-ref` that is no string or no address of S3; `missing-attribute`
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
  // Editors on Windows put a byte order mark at the beginning of a file; JSON has none.
  const text = (place.line ?? 1) === 1 ? whole.replace(/^\ufeff/, '') : whole;
  let members: JsonMember[];
  try {
    members = jsonMembers(text);
  } catch (error) {
    if (error instanceof JsonMistake) throw mistaken(error.message, text, error.at, place);
    throw error;
  }
  return attributeNames.map((name) => {
    const member = members.findLast((one) => one.name === name);
    if (member === undefined) throw missing(name, members, text, place);
    return manifestValue(text, member, place, refs);
  });
}

/** Whether an attribute's value is the address of an object. */
export function isRefName(name: string): boolean {
  return name.endsWith('-ref');
}

function manifestValue(
  text: string,
  { name, value }: JsonMember,
  place: ManifestPlace,
  refs: ManifestRefs,
): ManifestValue {
  const ref = isRefName(name);
  if (value.kind !== 'string') {
    if (!ref) return { name, ref, text: compactJson(text, value) };
    throw mistaken(
      `${JSON.stringify(name)} is no string, but ${value.kind}: a -ref is the address of an object`,
      text,
      value.start,
      place,
    );
  }
  const string = JSON.parse(text.slice(value.start, value.end)) as string;
  if (!ref) {
    if (!LONE_SURROGATE.test(string)) return { name, ref, text: string };
    throw mistaken('half a character (a lone surrogate), which has no bytes', text, value.start, place);
  }
  const uri = s3UriOf(string) ?? (refs === 'any' && IS_FILE.test(string) ? string : undefined);
  if (uri !== undefined) return { name, ref, text: uri };
  throw mistaken(
    `${JSON.stringify(name)} is no address of an object: expected s3://bucket/key`,
    text,
    value.start,
    place,
  );
}

function decoded(line: Uint8Array, place: ManifestPlace): string {
  try {
    return UTF8.decode(line);
  } catch {
    const text = Buffer.from(line).toString('utf8');
    throw mistaken('not UTF-8', text, Math.max(text.indexOf('\ufffd'), 0), place);
  }
}

function missing(
  name: string,
  members: readonly JsonMember[],
  text: string,
  place: ManifestPlace,
): RecordpipeError {
  const names = members.map((one) => JSON.stringify(one.name)).join(', ');
  const what = `no attribute ${JSON.stringify(name)}, only ${names === '' ? 'none' : names}`;
  return failure('missing-attribute', what, text, 0, place);
}

function mistaken(what: string, text: string, at: number, place: ManifestPlace): RecordpipeError {
  return failure('malformed-manifest', what, text, at, place);
}

function failure(
  code: 'malformed-manifest' | 'missing-attribute',
  what: string,
  text: string,
  at: number,
  { uri, line, offset }: ManifestPlace,
): RecordpipeError {
  const { column, excerpt } = excerptAt(text, at);
  const where = line === undefined ? `column ${column}` : `line ${line}, column ${column}`;
  return new RecordpipeError(code, `${where}: ${what}: ${excerpt}`, {
    uri,
    record: line === undefined ? undefined : line - 1,
    offset,
  });
}

/** A line with what ended it taken off. */
export interface SourceLine {
  /** From 1. */
  readonly line: number;
  readonly bytes: Uint8Array;
  /** Whether a newline ended it. */
  readonly ended: boolean;
  /** Whether it is longer than is allowed: then its beginning. */
  readonly tooLong: boolean;
}

const NEWLINE = 10;

/** The lines of a text, of which no more than one is held. */
export async function* sourceLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: () => number,
): AsyncGenerator<SourceLine, void, undefined> {
  let held: Uint8Array[] = [];
  let have = 0;
  let line = 1;
  const take = (ended: boolean): SourceLine => {
    const bytes = held.length === 1 ? held[0] : Buffer.concat(held);
    const found = { line: line++, bytes, ended, tooLong: have > maxLineBytes() };
    held = [];
    have = 0;
    return found;
  };
  const add = (piece: Uint8Array): void => {
    if (have <= maxLineBytes()) held.push(piece.slice());
    have += piece.length;
  };
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      add(chunk.subarray(at, end));
      yield take(true);
      at = end + 1;
    }
    if (at < chunk.length) add(chunk.subarray(at));
  }
  if (have > 0) yield take(false);
}
