import { inflate } from '../../bytes/inflate/inflate.ts';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import type { ObjectPiece } from '../../storage/prefetch/object-piece.ts';
import type { ObjectReadOptions } from '../../storage/prefetch/transfer-control.ts';
import { readObjects } from '../../storage/read-objects.ts';
import type { EpochBytes } from './channel-run.ts';
import type { ChannelContent, EpochItem } from './content/channel-content.ts';
import { EpochScript, wrapHeader, wrapPadding } from './epoch-script.ts';
import { FileEpoch } from './file-epoch.ts';
import type { StreamChannel } from './stream-channel.ts';

/** How the bytes of an epoch are made. */
export interface EpochMaking extends Pick<StreamChannel, 'compression' | 'recordWrapper'> {
  /** Whether objects that are not there are left out: of augmented manifests with their whole lines. */
  readonly skipMissing: boolean;
  readonly objects: ObjectReadOptions;
  readonly signal: AbortSignal;
  /** Told of each object that is left out. */
  readonly onSkipped: (error: Error, item: EpochItem | undefined) => void;
}

const NOTHING = new Uint8Array(0);

/** Begins to fetch an epoch, and makes the bytes of its pipe of it: objects inflated where they are compressed, each wrapped in a record where that is asked for. */
export function fetchEpoch(
  content: Pick<ChannelContent, 'files' | 'items' | 'valueless'>,
  epoch: number,
  making: EpochMaking,
): EpochBytes {
  const items = content.items(epoch);
  const fetched = (from: AsyncIterable<EpochItem>): EpochBytes => new Epoch(from, content.valueless, making);
  const asTheyAre = content.files && making.compression === 'None' && !making.skipMissing;
  return asTheyAre ? new FileEpoch(items, making, fetched) : fetched(items);
}

class Epoch implements EpochBytes {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly reused = false;
  readonly allRequested: Promise<void>;
  readonly #script: EpochScript;
  readonly #making: EpochMaking;
  readonly #stop = new AbortController();
  readonly #pieces: AsyncIterator<ObjectPiece>;
  readonly #stats: EpochBytes['counts'];
  /** The next piece, asked for before it is needed: the first one begins everything. */
  #ahead: Promise<IteratorResult<ObjectPiece>>;

  constructor(items: AsyncIterable<EpochItem>, valueless: boolean, making: EpochMaking) {
    this.#making = making;
    this.#script = new EpochScript(items);
    this.allRequested = this.#script.allRequested;
    const { objects, signal, skipMissing } = making;
    const pieces = readObjects(this.#script.objects(), {
      ...objects,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      ...(skipMissing && {
        onObjectError: (error: Error, _ref: unknown, index: number) => {
          if (!isRecordpipeError(error, 'object-missing', 'not-found')) return 'fail';
          this.#making.onSkipped(error, this.#script.ofObject(index));
          return 'skip';
        },
      }),
    });
    this.#stats = pieces.stats;
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#ahead = this.#pull();
    const plain = making.compression === 'None' && making.recordWrapper === 'None' && !skipMissing;
    this.chunks = plain && valueless ? this.#plain() : this.#made();
  }

  get counts(): EpochBytes['counts'] {
    return this.#stats;
  }

  async cancel(): Promise<void> {
    this.#stop.abort();
    await this.#script.end();
    await this.#ahead.catch(() => {});
    await this.#pieces.return?.();
  }

  #pull(): Promise<IteratorResult<ObjectPiece>> {
    const step = this.#pieces.next();
    step.catch(() => {}); // thrown where it is awaited
    return step;
  }

  /** Objects as they are, one behind the other: nothing per chunk but what hands it on. */
  #plain(): AsyncIterator<Uint8Array> {
    let first: Promise<IteratorResult<ObjectPiece>> | undefined = this.#ahead;
    const chunkOf = (step: IteratorResult<ObjectPiece>): IteratorResult<Uint8Array> =>
      step.done ? { done: true, value: undefined } : { done: false, value: step.value.chunk };
    return {
      next: () => {
        const step = first ?? this.#pieces.next();
        first = undefined;
        return step.then(chunkOf);
      },
    };
  }

  async *#made(): AsyncGenerator<Uint8Array, void, undefined> {
    let index = 0;
    /** Of the line at hand, where lines may have to be left out. */
    let line: { number: number | undefined; chunks: Uint8Array[]; dropped: boolean } | undefined;
    const byLine = this.#making.skipMissing;
    for (let item = await this.#script.next(); item !== undefined; item = await this.#script.next()) {
      if (byLine && line !== undefined && (item.line === undefined || item.line !== line.number)) {
        if (!line.dropped) yield* line.chunks;
        line = undefined;
      }
      if (byLine) line ??= { number: item.line, chunks: [], dropped: false };
      if (item.object === undefined) {
        const value = item.value ?? NOTHING;
        if (line === undefined) yield* this.#value(value, item);
        else for (const chunk of this.#value(value, item)) line.chunks.push(chunk);
        continue;
      }
      const object = index++;
      try {
        const there = await this.#isThere(object);
        if (!there && line !== undefined) line.dropped = true;
        if (!there) {
          this.#script.forget(object);
          continue;
        }
        const chunks = this.#object(item);
        if (line === undefined) yield* chunks;
        else for await (const chunk of chunks) line.chunks.push(chunk);
      } catch (error) {
        throw inLine(error, item);
      }
      this.#script.forget(object);
    }
    if (line !== undefined && !line.dropped) yield* line.chunks;
    const { done } = await this.#ahead;
    if (!done) throw new Error('an object came that no item names');
  }

  *#value(value: Uint8Array, { line }: EpochItem): Generator<Uint8Array> {
    if (this.#making.recordWrapper === 'None') {
      yield value;
      return;
    }
    yield wrapHeader(value.length, line === undefined ? 'a value' : `a value of line ${line}`);
    yield value;
    yield wrapPadding(value.length);
  }

  /** Whether the object with this number has not been left out. */
  async #isThere(index: number): Promise<boolean> {
    const { done, value } = await this.#ahead;
    return !done && value.index === index;
  }

  async *#object(item: EpochItem): AsyncGenerator<Uint8Array, void, undefined> {
    const { compression, recordWrapper } = this.#making;
    const stored = this.#stored();
    const uri = item.object?.uri ?? '';
    if (compression === 'Gzip') {
      const inflated = placed(inflate(stored, GZIP), uri);
      if (recordWrapper === 'None') yield* inflated;
      else yield* wrapped(await collected(inflated), uri);
      return;
    }
    if (recordWrapper === 'None') {
      yield* stored;
      return;
    }
    const { value } = (await this.#ahead) as IteratorYieldResult<ObjectPiece>;
    const { size } = value.object;
    yield wrapHeader(size, uri);
    yield* stored;
    yield wrapPadding(size);
  }

  /** The bytes of the object whose piece is at hand. */
  async *#stored(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const { done, value } = await this.#ahead;
      if (done) return;
      const { chunk, last } = value;
      this.#ahead = this.#pull();
      if (chunk.length > 0) yield chunk;
      if (last) return;
    }
  }
}

const GZIP = { kind: 'gzip', zlibConcat: true, whenTruncated: 'throw' } as const;

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function* wrapped(chunks: readonly Uint8Array[], uri: string): Generator<Uint8Array> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  yield wrapHeader(bytes, uri);
  yield* chunks;
  yield wrapPadding(bytes);
}

/** Errors of inflating do not know whose bytes they were. */
async function* placed(
  chunks: AsyncIterable<Uint8Array>,
  uri: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    if (!isRecordpipeError(error) || error instanceof UsageError || error.uri !== undefined) throw error;
    const hint =
      error.code === 'corrupt-compressed-stream'
        ? '; CompressionType Gzip is for objects that all are gzip'
        : '';
    throw new RecordpipeError(
      error.code,
      `${sentenceOf(error)}${hint}`,
      { uri, offset: error.offset },
      error,
    );
  }
}

/** An error of an object that a manifest names, with its line. */
function inLine(error: unknown, { line }: EpochItem): unknown {
  if (line === undefined || !isRecordpipeError(error) || error instanceof UsageError) return error;
  return new RecordpipeError(
    error.code,
    `${sentenceOf(error)}; named in line ${line} of the manifest`,
    error,
    error.cause ?? error,
  );
}
