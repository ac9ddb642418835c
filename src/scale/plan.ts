import { createHash } from 'node:crypto';
import { checkOptionNames } from '../bytes/arguments.ts';
import type { Reaching } from '../check/expand-inputs.ts';
import type { KnownFile, RecordRange } from '../check/file-input.ts';
import { type Check, count, integer, like, oneOf, ShapeError, shape, text } from '../check/json-shape.ts';
import { RecordpipeError } from '../errors.ts';
import { readTextLines } from '../records/textline.ts';
import { writeWhole } from '../records/write/prepare-output.ts';
import { localSize } from '../storage/inspect.ts';
import { compareKeys } from '../storage/object-address.ts';
import { refuseSameFile } from '../transform/record-output.ts';
import { MAX_SHARDS } from './shard.ts';

/**
 * A fixed list of files with their sizes and ETags, created by `planShards`. Workers that read the
 * same plan divide the same work, even if files have been added or overwritten in the meantime.
 */
export interface ShardPlan {
  /**
   * Files without duplicates, sorted by the UTF-8 bytes of their addresses. Parts of one file are
   * sorted by position.
   */
  readonly files: readonly KnownFile[];
  /** Total size of all files, in bytes. */
  readonly bytes: number;
  /** SHA-256 hash of the files, in hexadecimal. Plans with equal hashes list the same work. */
  readonly hash: string;
  /** Number of shards. If undefined, each worker specifies it. */
  readonly shards: number | undefined;
}

/**
 * Returns the plan with whole files instead of parts, for commands that cannot process a part of a
 * file.
 */
export function uncut(plan: ShardPlan): ShardPlan {
  if (plan.files.every(({ range }) => range === undefined)) return plan;
  const files = new Map(plan.files.map(({ uri, size, etag }) => [uri, { uri, size, ...(etag && { etag }) }]));
  return { ...plan, files: [...files.values()] };
}

/** Creates a plan from sorted files. */
export function planOf(files: readonly KnownFile[], shards: number | undefined): ShardPlan {
  const sum = new PlanSum();
  for (const file of files) sum.add(fileLine(file), file);
  return { files, bytes: sum.bytes, hash: sum.hash(), shards };
}

/** Returns the size of a file or, if only a part is planned, of this part. */
export function bytesOf({ size, range }: KnownFile): number {
  return range === undefined ? size : range.end - range.start;
}

/** Compares files by the UTF-8 bytes of their addresses, and parts of one file by position. */
export function compareFiles(
  a: Pick<KnownFile, 'uri' | 'range'>,
  b: Pick<KnownFile, 'uri' | 'range'>,
): number {
  return compareKeys(a.uri, b.uri) || (a.range?.from ?? 0) - (b.range?.from ?? 0);
}

/** Options of {@link writePlan}. Every field has a default. */
export interface PlanWriteOptions extends Reaching {
  /**
   * Whether to replace an existing file. Default false: an existing file is an `already-exists`
   * error.
   */
  readonly overwrite: boolean;
}

/** Approximate size of each write, in characters. Lines are batched. */
const PIECE_CHARACTERS = 256 * 1024;

/**
 * Writes a plan as JSON Lines: a header, one line per file, and a trailer with the number and hash
 * of the files, which reveals truncation. If the name ends in `.gz`, the plan is compressed.
 *
 * @param output a path or `s3://bucket/key`; `-` for standard output
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `retries-exhausted`,
 *   `io-failure`, `aborted`; `unsupported-source` if the output is a file of the plan
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { planShards, readPlan, writePlan } from 'recordpipe/scale';
 * writeFileSync('a.tfrecord', '');
 * const plan = await planShards('a.tfrecord');
 * await writePlan(plan, 'plan.jsonl');
 * console.log((await readPlan('plan.jsonl')).hash === plan.hash); // true
 * ```
 */
export async function writePlan(
  plan: ShardPlan,
  output: string,
  options: Partial<PlanWriteOptions> = {},
): Promise<void> {
  checkOptionNames('writePlan', options, { overwrite: 0, objects: 0, signal: 0 });
  const { overwrite = false, objects, signal } = options;
  if (overwrite && output !== '-') refuseListedFile(plan, output);
  const compression = output.endsWith('.gz') ? 'gzip' : 'none';
  await writeWhole(output, pieces(plan), { overwrite, compression, objects, signal });
}

/**
 * Throws an error if the plan lists the output. Compares only files of equal size, because a plan
 * may list a million files.
 */
function refuseListedFile({ files }: ShardPlan, output: string): void {
  const size = localSize(output);
  const candidates = size === undefined ? files : files.filter((file) => file.size === size);
  refuseSameFile(
    candidates.map(({ uri }) => uri),
    output,
  );
}

function* pieces(plan: ShardPlan): Iterable<Uint8Array> {
  let piece = '';
  for (const line of planLines(plan)) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

/**
 * Reads a plan written by `writePlan`.
 *
 * @param input a path or `s3://bucket/key`, optionally compressed; `-` for standard input
 * @throws RecordpipeError `malformed-plan` if it is not a complete plan; `not-found`,
 *   `object-missing`, `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 * @example see `writePlan`
 */
export async function readPlan(input: string, { objects, signal }: Reaching = {}): Promise<ShardPlan> {
  const reader = new PlanReader(input === '-' ? '<stdin>' : input);
  for await (const line of readTextLines(input, { reuse: true, objects, signal })) reader.add(line);
  return reader.plan();
}

const NOT_A_PLAN = 'not a plan; to write one, run recordpipe plan';

/** Checks for a SHA-256 hash in hexadecimal. */
export const hash: Check = like(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
export const range: Check = shape<RecordRange>(
  { format: oneOf('tfrecord', 'recordio', 'textline'), from: count, to: count, start: count, end: count },
  {},
);
const uri: Check = like(/^(?!-$)./su, 'a path or an address');
const knownFile: Check = shape<KnownFile>({ uri, size: count }, { etag: text, range });

/** The first line of a plan. */
interface Head {
  readonly recordpipe: 'plan';
  readonly version: 1;
  readonly shards?: number;
}

/** The last line of a plan. A truncated plan does not have one. */
interface Tail {
  readonly files: number;
  readonly bytes: number;
  readonly hash: string;
}

const HEAD: Check = shape<Head>(
  { recordpipe: oneOf('plan'), version: oneOf(1) },
  { shards: integer(1, MAX_SHARDS) },
);
const TAIL: Check = shape<Tail>({ files: count, bytes: count, hash }, {});

/** Yields the lines of a plan, including line endings. */
function* planLines({ files, bytes, hash, shards }: ShardPlan): Generator<string, void, undefined> {
  const head: Head = { recordpipe: 'plan', version: 1, ...(shards !== undefined && { shards }) };
  yield `${JSON.stringify(head)}\n`;
  for (const file of files) yield `${fileLine(file)}\n`;
  const tail: Tail = { files: files.length, bytes, hash };
  yield `${JSON.stringify(tail)}\n`;
}

/** Parses the lines of a plan, in order. */
class PlanReader {
  readonly #uri: string;
  readonly #files: KnownFile[] = [];
  readonly #sum = new PlanSum();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #head: Head | undefined;
  #tail: Tail | undefined;
  #lines = 0;

  constructor(uri: string) {
    this.#uri = uri;
  }

  /** Parses a line. @throws RecordpipeError `malformed-plan` */
  add(bytes: Uint8Array): void {
    this.#lines++;
    const line = this.#text(bytes);
    const value = this.#parsed(line);
    if (this.#head === undefined) {
      if (value['recordpipe'] !== 'plan') throw this.#malformed(NOT_A_PLAN);
      this.#head = this.#checked<Head>(value, HEAD);
    } else if (this.#tail !== undefined) throw this.#malformed('it has a line after the end of the plan');
    else if ('hash' in value) this.#tail = this.#checked<Tail>(value, TAIL);
    else this.#take(line, this.#checked<KnownFile>(value, knownFile));
  }

  /** Returns the complete plan. @throws RecordpipeError `malformed-plan` */
  plan(): ShardPlan {
    if (this.#head === undefined) throw this.#malformed('it is empty');
    const hash = this.#sum.hash();
    if (this.#tail === undefined)
      throw this.#malformed('it is truncated (its last line is missing); regenerate it');
    const { files, bytes, hash: wanted } = this.#tail;
    if (files !== this.#files.length || bytes !== this.#sum.bytes || hash !== wanted)
      throw this.#malformed('it was modified (its hash does not match its lines); regenerate it');
    return { files: this.#files, bytes, hash, shards: this.#head.shards };
  }

  #take(line: string, file: KnownFile): void {
    const { range } = file;
    if (range !== undefined && !(range.from < range.to && range.start < range.end && range.end <= file.size))
      throw this.#malformed('range: expected a part of the file');
    const last = this.#files[this.#files.length - 1];
    if (last !== undefined && compareFiles(last, file) >= 0)
      throw this.#malformed('uri: expected files in ascending order, without duplicates');
    this.#files.push(file);
    this.#sum.add(line, file);
  }

  #checked<T>(value: unknown, check: Check): T {
    try {
      check(value, '');
    } catch (error) {
      if (error instanceof ShapeError) throw this.#malformed(error.message);
      throw error;
    }
    return value as T;
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw this.#malformed('not UTF-8 text');
    }
  }

  #parsed(line: string): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return value as Record<string, unknown>;
    } catch {}
    throw this.#malformed(this.#lines === 1 ? NOT_A_PLAN : 'not a JSON object');
  }

  #malformed(what: string): RecordpipeError {
    const where = this.#lines > 1 ? `line ${this.#lines} of the plan: ` : '';
    return new RecordpipeError('malformed-plan', where + what, { uri: this.#uri });
  }
}

class PlanSum {
  bytes = 0;
  readonly #hash = createHash('sha256');

  add(line: string, file: KnownFile): void {
    this.bytes += bytesOf(file);
    this.#hash.update(line).update('\n');
  }

  hash(): string {
    return this.#hash.digest('hex');
  }
}

/** Formats a file as a line. The key order is fixed because plans are compared by their bytes. */
function fileLine({ uri, size, etag, range }: KnownFile): string {
  if (range === undefined) return JSON.stringify({ uri, size, etag });
  const { format, from, to, start, end } = range;
  return JSON.stringify({ uri, size, etag, range: { format, from, to, start, end } });
}
