import { type JsonMember, JsonMistake, jsonMembers } from './json-cursor.ts';
import { s3UriOf } from './list-manifest-objects.ts';
import type { SourceLine } from './manifest-line.ts';
import { isRefName } from './manifest-line.ts';
import type { ManifestNotes } from './manifest-problem.ts';

const MAX_NAME_CHARACTERS = 256;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Looks at the lines of an augmented manifest. */
export class AugmentedCheck {
  readonly refs: Map<string, number> = new Map();
  entries = 0;
  readonly #notes: ManifestNotes;
  /** Those that every line has to have; undefined: those of the first line, whose lack is odd only. */
  readonly #required: readonly string[] | undefined;
  #usual: readonly string[] | undefined;
  #bucket: string | undefined;
  readonly #keepRefs: boolean;

  constructor(notes: ManifestNotes, required: readonly string[] | undefined, keepRefs: boolean) {
    this.#notes = notes;
    this.#required = required;
    this.#keepRefs = keepRefs;
  }

  line({ line, bytes, ended, tooLong }: SourceLine, maxLineBytes: number): void {
    const notes = this.#notes;
    let text: string;
    try {
      text = UTF8.decode(bytes);
    } catch {
      const lossy = Buffer.from(bytes).toString('utf8');
      notes.error('not-utf8', line, lossy, Math.max(lossy.indexOf('\ufffd'), 0), 'not UTF-8');
      return;
    }
    if (tooLong) {
      notes.error('line-too-long', line, text, 0, `longer than ${maxLineBytes} bytes`);
      return;
    }
    if (text.startsWith('\ufeff')) {
      // SageMaker's own reader is not documented to skip it.
      const message =
        'a byte order mark, which JSON does not have; recordpipe skips it, other readers may not';
      if (line === 1) notes.warn('byte-order-mark', line, text, 0, message);
      else notes.error('byte-order-mark', line, text, 0, 'a byte order mark inside the file');
      text = text.slice(1);
    }
    if (text.endsWith('\r'))
      notes.warnOnce(
        'carriage-return',
        line,
        text,
        text.length - 1,
        'lines end with \\r\\n; \\n alone is what SageMaker documents',
      );
    if (text.trim() === '') {
      notes.warn('blank-line', line, text, 0, 'nothing in this line; it is passed over');
      return;
    }
    if (!ended)
      notes.warn(
        'no-final-newline',
        line,
        text,
        text.length,
        'the last line has no end; one that is appended would become part of it',
      );
    this.entries++;
    try {
      this.#members(line, text, jsonMembers(text));
    } catch (error) {
      if (!(error instanceof JsonMistake)) throw error;
      notes.error(error.code, line, text, error.at, error.message);
    }
  }

  #members(line: number, text: string, members: readonly JsonMember[]): void {
    const seen = new Set<string>();
    for (const member of members) {
      const { name, at } = member;
      if (seen.has(name))
        this.#notes.warn(
          'duplicate-key',
          line,
          text,
          at,
          `${JSON.stringify(name)} is there twice; the last one counts`,
        );
      seen.add(name);
      if (name.length < 1 || name.length > MAX_NAME_CHARACTERS)
        this.#notes.warn(
          'long-name',
          line,
          text,
          at,
          `attributes have names of 1 to ${MAX_NAME_CHARACTERS} characters`,
        );
      if (isRefName(name) && (this.#required?.includes(name) ?? true)) this.#ref(line, text, member);
    }
    this.#usual ??= [...seen];
    for (const name of this.#required ?? this.#usual) {
      if (seen.has(name)) continue;
      const note = this.#required === undefined ? 'warn' : 'error';
      const others = this.#required === undefined ? ', which the first line has' : '';
      this.#notes[note]('missing-attribute', line, text, 0, `no attribute ${JSON.stringify(name)}${others}`);
    }
  }

  #ref(line: number, text: string, { name, value }: JsonMember): void {
    const uri = value.kind === 'string' ? s3UriOf(JSON.parse(text.slice(value.start, value.end))) : undefined;
    if (uri === undefined) {
      const what =
        value.kind === 'string'
          ? 'no address of an object: expected s3://bucket/key'
          : `no string, but ${value.kind}`;
      this.#notes.error('bad-ref', line, text, value.start, `${JSON.stringify(name)} is ${what}`);
      return;
    }
    const bucket = uri.split('/', 3)[2];
    this.#bucket ??= bucket;
    if (bucket !== this.#bucket)
      this.#notes.warnOnce(
        'several-buckets',
        line,
        text,
        value.start,
        `objects are in several buckets, ${this.#bucket} and ${bucket}; the role of the job has to be allowed to read all`,
      );
    if (this.#keepRefs && !this.refs.has(uri)) this.refs.set(uri, line);
  }
}
