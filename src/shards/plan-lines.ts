import { createHash } from 'node:crypto';
import { RecordpipeError } from '../errors.ts';
import type { KnownFile, RecordRange } from '../report/known-file.ts';
import { bytesOf, type ShardPlan } from './plan.ts';

/** The first line of a plan. */
interface Head {
  readonly recordpipe: 'plan';
  readonly version: 1;
  readonly shards?: number;
}

/** The last line: a plan that was cut short has none. */
interface Tail {
  readonly files: number;
  readonly bytes: number;
  readonly hash: string;
}

/** A plan of these files, which are sorted. */
export function planOf(files: readonly KnownFile[], shards: number | undefined): ShardPlan {
  const sum = new PlanSum();
  for (const file of files) sum.add(fileLine(file), file);
  return { files, bytes: sum.bytes, hash: sum.hash(), shards };
}

/** The text of a plan, line by line, each with its end. */
export function* planLines({ files, bytes, hash, shards }: ShardPlan): Generator<string, void, undefined> {
  const head: Head = { recordpipe: 'plan', version: 1, ...(shards !== undefined && { shards }) };
  yield `${JSON.stringify(head)}\n`;
  for (const file of files) yield `${fileLine(file)}\n`;
  const tail: Tail = { files: files.length, bytes, hash };
  yield `${JSON.stringify(tail)}\n`;
}

/** Takes in the lines of a plan, in order. */
export class PlanReader {
  readonly #uri: string;
  readonly #files: KnownFile[] = [];
  readonly #sum = new PlanSum();
  #head: Head | undefined;
  #tail: Tail | undefined;
  #lines = 0;

  constructor(uri: string) {
    this.#uri = uri;
  }

  /** @throws RecordpipeError `malformed-plan` */
  add(line: string): void {
    this.#lines++;
    const value = this.#parsed(line);
    if (this.#head === undefined) this.#head = this.#headOf(value);
    else if (this.#tail !== undefined) throw this.#malformed('a line behind the end of the plan');
    else if (typeof value['hash'] === 'string') this.#tail = value as unknown as Tail;
    else this.#take(line, this.#fileOf(value));
  }

  /** @throws RecordpipeError `malformed-plan` */
  plan(): ShardPlan {
    if (this.#head === undefined) throw this.#malformed('it is empty');
    const hash = this.#sum.hash();
    if (this.#tail === undefined)
      throw this.#malformed('its last line is missing: it was cut short; write it anew');
    const { files, bytes, hash: wanted } = this.#tail;
    if (files !== this.#files.length || bytes !== this.#sum.bytes || hash !== wanted)
      throw this.#malformed(
        'its lines are not those that were written: its hash is another one; write it anew',
      );
    return { files: this.#files, bytes, hash, shards: this.#head.shards };
  }

  #take(line: string, file: KnownFile): void {
    this.#files.push(file);
    this.#sum.add(line, file);
  }

  #parsed(line: string): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return value as Record<string, unknown>;
    } catch {}
    throw this.#malformed(this.#lines === 1 ? NO_PLAN : 'not a JSON object');
  }

  #headOf(value: Record<string, unknown>): Head {
    const { recordpipe, version, shards } = value;
    if (recordpipe !== 'plan') throw this.#malformed(NO_PLAN);
    if (version !== 1) throw this.#malformed(`version: expected 1, got ${JSON.stringify(version)}`);
    if (shards !== undefined && !isCount(shards, 1))
      throw this.#malformed(`shards: expected a whole number from 1 on, got ${JSON.stringify(shards)}`);
    return value as unknown as Head;
  }

  #fileOf(value: Record<string, unknown>): KnownFile {
    const { uri, size, etag, range } = value;
    if (typeof uri !== 'string' || uri === '') throw this.#malformed('uri: expected an address');
    if (!isCount(size, 0))
      throw this.#malformed(`size: expected a number of bytes, got ${JSON.stringify(size)}`);
    if (etag !== undefined && typeof etag !== 'string') throw this.#malformed('etag: expected text');
    if (range !== undefined && !isRange(range, size))
      throw this.#malformed('range: expected a part of the file');
    return { uri, size, ...(etag !== undefined && { etag }), ...(range !== undefined && { range }) };
  }

  #malformed(what: string): RecordpipeError {
    const where = this.#lines > 1 ? `line ${this.#lines} of the plan: ` : '';
    return new RecordpipeError('malformed-plan', where + what, { uri: this.#uri });
  }
}

const NO_PLAN = 'it is no plan; write one with recordpipe plan';

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

/** Always in one order: plans are compared by their bytes. */
function fileLine({ uri, size, etag, range }: KnownFile): string {
  if (range === undefined) return JSON.stringify({ uri, size, etag });
  const { format, from, to, start, end } = range;
  return JSON.stringify({ uri, size, etag, range: { format, from, to, start, end } });
}

function isRange(value: unknown, size: number): value is RecordRange {
  if (typeof value !== 'object' || value === null) return false;
  const { format, from, to, start, end } = value as Record<string, unknown>;
  const whole = [from, to, start, end].every((one) => isCount(one, 0));
  const [first, last, begin, behind] = [from, to, start, end] as number[];
  return whole && FORMATS.includes(format as string) && first < last && begin < behind && behind <= size;
}

const FORMATS: readonly string[] = ['tfrecord', 'recordio', 'textline'];

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
