import { createHash } from 'node:crypto';
import { RecordpipeError } from '../errors.ts';
import type { KnownFile } from '../report/known-file.ts';
import { type Check, count, integer, oneOf, ShapeError, shape } from '../stats/json-shape.ts';
import { compareFiles } from './assign.ts';
import { bytesOf, type ShardPlan } from './plan.ts';
import { hash, knownFile } from './reports/report-shape.ts';
import { MAX_SHARDS } from './shard-count.ts';

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
    if (this.#head === undefined) {
      if (value['recordpipe'] !== 'plan') throw this.#malformed(NOT_A_PLAN);
      this.#head = this.#checked<Head>(value, HEAD);
    } else if (this.#tail !== undefined) throw this.#malformed('a line after the end of the plan');
    else if ('hash' in value) this.#tail = this.#checked<Tail>(value, TAIL);
    else this.#take(line, this.#checked<KnownFile>(value, knownFile));
  }

  /** @throws RecordpipeError `malformed-plan` */
  plan(): ShardPlan {
    if (this.#head === undefined) throw this.#malformed('it is empty');
    const hash = this.#sum.hash();
    if (this.#tail === undefined)
      throw this.#malformed('its last line is missing, so it is truncated; write it again');
    const { files, bytes, hash: wanted } = this.#tail;
    if (files !== this.#files.length || bytes !== this.#sum.bytes || hash !== wanted)
      throw this.#malformed('its hash does not match its lines, so it was changed; write it again');
    return { files: this.#files, bytes, hash, shards: this.#head.shards };
  }

  #take(line: string, file: KnownFile): void {
    const { range } = file;
    if (range !== undefined && !(range.from < range.to && range.start < range.end && range.end <= file.size))
      throw this.#malformed('range: expected a part of the file');
    const last = this.#files[this.#files.length - 1];
    if (last !== undefined && compareFiles(last, file) >= 0)
      throw this.#malformed('uri: expected files in ascending order, each once');
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

const NOT_A_PLAN = 'not a plan; write one with recordpipe plan';

const HEAD: Check = shape<Head>(
  { recordpipe: oneOf('plan'), version: oneOf(1) },
  { shards: integer(1, MAX_SHARDS) },
);
const TAIL: Check = shape<Tail>({ files: count, bytes: count, hash }, {});

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
