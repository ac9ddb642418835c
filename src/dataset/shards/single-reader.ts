import { unclearedMemory } from '../../bytes/uncleared-memory.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { Places } from '../places.ts';
import { END, LATER, type Step } from '../stage.ts';
import type { GlobalOrder } from './global-order.ts';
import type { Shard } from './open-shards.ts';
import type { ShardFiles } from './shard-files.ts';
import { firstPosition, type PositionReader, type Share } from './share.ts';

/** Maximum number of records and bytes of a window; at least one record is in it. */
const MAX_WINDOW_RECORDS = 64;
const MAX_WINDOW_BYTES = 512 * 1024;
/** Number of windows that are read ahead, and of concurrent reads, while the disk is slow. */
const WINDOWS_AHEAD = 2;
const LOCAL_READS = 4;
const REMOTE_READS = 16;
/**
 * Maximum time of a read from the page cache: per record, and per byte. Reads that take longer wait
 * for the disk, and several of them run at once.
 */
const MAX_CACHED_MS = 0.05;
const MAX_CACHED_MS_PER_BYTE: number = 1 / 500_000;
/** Number of consecutive windows that must take longer, because other programs also cause delays. */
const SLOW_WINDOWS = 3;
/** While the disk is slow, one of this many windows is read on the calling thread to find out. */
const PROBE_WINDOWS = 32;

/** The records at consecutive positions of a share. */
interface Window {
  /** Payloads, or undefined for records that cannot be read. */
  readonly payloads: (Uint8Array | undefined)[];
  readonly failures: unknown[];
  /** Where the records are. */
  readonly places: readonly Place[];
  loading: Promise<void> | undefined;
}

/** A record of a window. */
interface Place {
  /** Index in the window. */
  readonly at: number;
  readonly shard: number;
  readonly record: number;
  /** Position of the frame in the file, and its size. */
  readonly start: number;
  readonly bytes: number;
}

/**
 * Reads records one by one, in a global order whose blocks are single records. Windows of upcoming
 * records are read in file order. From the page cache, reading on the calling thread is fastest;
 * from a slow disk or an object store, several reads run concurrently, ahead of the consumer.
 */
export class SingleReader implements PositionReader {
  readonly #order: GlobalOrder;
  readonly #shards: readonly Shard[];
  readonly #files: ShardFiles;
  readonly #workers: number;
  readonly #isRemote: boolean;
  /** Position of the next record of the next window. */
  #position: number;
  #current: Window | undefined;
  #at = 0;
  #ahead: Window[] = [];
  /** Number of consecutive windows in which the calling thread had to wait for records. */
  #slowWindows = 0;
  #untilProbe = PROBE_WINDOWS;
  #waitsFor: Promise<void> | undefined;

  constructor(order: GlobalOrder, shards: readonly Shard[], files: ShardFiles, share: Share) {
    this.#order = order;
    this.#shards = shards;
    this.#files = files;
    this.#workers = share.workers;
    this.#position = firstPosition(share);
    this.#isRemote = shards.some(({ isRemote }) => isRemote);
  }

  next(): Step<Uint8Array> {
    let window = this.#current;
    if (window === undefined || this.#at === window.payloads.length) {
      window = this.#nextWindow();
      if (window === undefined) return END;
    }
    if (window.loading !== undefined) {
      this.#waitsFor = window.loading;
      return LATER;
    }
    const at = this.#at;
    const payload = window.payloads[at];
    if (payload === undefined) throw window.failures[at];
    this.#at = at + 1;
    window.payloads[at] = undefined;
    return payload;
  }

  locate(places: Places): void {
    const { shard, record, start } = this.#current!.places[this.#at - 1];
    places.add(this.#shards[shard].source, record, start);
  }

  ready(): Promise<void> {
    return this.#waitsFor ?? Promise.resolve();
  }

  pass(count: number): number {
    let passed = 0;
    for (let window = this.#current; window !== undefined; window = this.#ahead.shift()) {
      this.#current = window;
      const step = Math.min(count - passed, window.payloads.length - this.#at);
      this.#at += step;
      passed += step;
      if (passed === count) return count;
      this.#at = 0;
      this.#current = undefined;
    }
    const left = Math.max(0, Math.ceil((this.#order.length - this.#position) / this.#workers));
    const step = Math.min(count - passed, left);
    this.#position += step * this.#workers;
    return passed + step;
  }

  get #isSlow(): boolean {
    return this.#isRemote || this.#slowWindows >= SLOW_WINDOWS;
  }

  #nextWindow(): Window | undefined {
    this.#at = 0;
    this.#current = this.#ahead.shift() ?? this.#openWindow();
    while (this.#isSlow && this.#ahead.length < WINDOWS_AHEAD) {
      const window = this.#openWindow();
      if (window === undefined) break;
      this.#ahead.push(window);
    }
    return this.#current;
  }

  /** Plans a window and begins to read it. */
  #openWindow(): Window | undefined {
    const places = this.#plan();
    if (places.length === 0) return undefined;
    const window: Window = {
      payloads: new Array(places.length),
      failures: [],
      places: places.slice(),
      loading: undefined,
    };
    places.sort((a, b) => a.shard - b.shard || a.start - b.start);
    const files = this.#holdAll(places);
    const probes = this.#isSlow && !this.#isRemote && --this.#untilProbe === 0;
    if (files !== undefined && (!this.#isSlow || probes)) this.#readNow(places, files, window);
    else
      window.loading = this.#readAhead(places, window).then(() => {
        window.loading = undefined;
      });
    return window;
  }

  /** Locates the records of the next window. */
  #plan(): Place[] {
    const places: Place[] = [];
    const { length } = this.#order;
    let total = 0;
    let position = this.#position;
    for (; position < length && places.length < MAX_WINDOW_RECORDS; position += this.#workers) {
      const { shard, first } = this.#order.block(position);
      const { table } = this.#shards[shard];
      const bytes = table.frameBytes(first);
      total += bytes;
      if (total > MAX_WINDOW_BYTES && places.length > 0) break;
      places.push({ at: places.length, shard, record: first, start: table.start(first), bytes });
    }
    this.#position = position;
    return places;
  }

  /** Returns the open files of a window, or undefined if any of them is not open. */
  #holdAll(places: readonly Place[]): StoredFile[] | undefined {
    const files: StoredFile[] = [];
    for (const { shard } of places) {
      const file = this.#files.holdNow(shard);
      if (file === undefined) break;
      files.push(file);
    }
    // Files stay open until control returns to the event loop.
    for (let i = 0; i < files.length; i++) this.#files.release(places[i].shard);
    return files.length === places.length ? files : undefined;
  }

  /** Reads a window on the calling thread, and measures how long that takes. */
  #readNow(places: readonly Place[], files: readonly StoredFile[], window: Window): void {
    const bytes = new Uint8Array(unclearedMemory(this.#bytesOf(places)));
    const begin = performance.now();
    let end = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      const before = this.#before(place.shard, place.start);
      const at = end + before;
      end = at + place.bytes;
      try {
        files[i].readNow(bytes, at - before, before + place.bytes, place.start - before);
        window.payloads[place.at] = this.#payload(place, bytes, at);
      } catch (error) {
        window.failures[place.at] = error;
        // Nobody may see what the memory contained before, if the read failed.
        bytes.fill(0, at - before, end);
      }
    }
    const cached = places.length * MAX_CACHED_MS + end * MAX_CACHED_MS_PER_BYTE;
    const wasSlow = performance.now() - begin > cached;
    this.#slowWindows = wasSlow ? this.#slowWindows + 1 : 0;
    this.#untilProbe = PROBE_WINDOWS;
  }

  /** Reads a window with several concurrent reads. Never rejects. */
  async #readAhead(places: readonly Place[], window: Window): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < places.length) {
        const place = places[next++];
        try {
          window.payloads[place.at] = await this.#read(place);
        } catch (error) {
          window.failures[place.at] = error;
        }
      }
    };
    await Promise.all(Array.from({ length: this.#isRemote ? REMOTE_READS : LOCAL_READS }, lane));
  }

  async #read(place: Place): Promise<Uint8Array> {
    const before = this.#before(place.shard, place.start);
    const bytes = new Uint8Array(unclearedMemory(before + place.bytes));
    const file = await this.#files.hold(place.shard);
    try {
      await file.read(bytes, 0, bytes.length, place.start - before);
    } finally {
      this.#files.release(place.shard);
    }
    return this.#payload(place, bytes, before);
  }

  #payload({ shard, record, start, bytes: length }: Place, bytes: Uint8Array, at: number): Uint8Array {
    return this.#shards[shard].frames.payload(bytes, at, length, record, start);
  }

  /** Returns the number of bytes before a frame that are also read. */
  #before(shard: number, start: number): number {
    return Math.min(start, this.#shards[shard].frames.before);
  }

  #bytesOf(places: readonly Place[]): number {
    let total = 0;
    for (const { shard, start, bytes } of places) total += bytes + this.#before(shard, start);
    return total;
  }
}
