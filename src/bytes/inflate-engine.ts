import type { Inflate, InflateRaw } from 'node:zlib';

/** Into how many pieces a call that failed is cut to find out where. */
const PIECES = 16;

/** The host's zlib, one awaited call at a time. */
export class InflateEngine {
  /** Whether the deflate stream has come to its end. */
  ended = false;
  failure: Error | undefined;
  readonly #engine: InflateRaw | Inflate;
  #output: Uint8Array[] = [];
  #wake = (): void => {};

  constructor(engine: InflateRaw | Inflate) {
    this.#engine = engine;
    engine.on('data', (chunk: Uint8Array) => this.#output.push(chunk));
    engine.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    engine.on('error', (error) => {
      this.failure = error;
      this.#wake();
    });
  }

  /** Inflates `bytes`; none says that no more come. What it gave, and how many of the bytes belong to the stream. */
  async feed(bytes: Uint8Array): Promise<{ output: Uint8Array[]; used: number }> {
    const engine = this.#engine;
    const before = engine.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (bytes.length === 0) engine.end();
      else engine.write(bytes, () => resolve());
    });
    return { output: this.#output.splice(0), used: engine.bytesWritten - before };
  }

  close(): void {
    this.#engine.destroy();
  }
}

/**
 * What inflates of `slice`, whose call failed, before the damage in it: new engines are fed with what came before it and with ever smaller
 * pieces of it, down to single bytes.
 * @param history the bytes of the stream before `slice`
 * @param inflated how many bytes have been handed on
 */
export async function* restBeforeDamage(
  create: () => InflateRaw | Inflate,
  history: readonly Uint8Array[],
  slice: Uint8Array,
  inflated: number,
): AsyncGenerator<Uint8Array> {
  const good = [...history];
  let rest = slice;
  let handedOn = inflated;
  while (rest.length > 1) {
    const engine = new InflateEngine(create());
    const size = Math.ceil(rest.length / PIECES);
    let position = 0;
    const feed = async (bytes: Uint8Array): Promise<Uint8Array[]> => {
      const { output } = await engine.feed(bytes);
      const fresh: Uint8Array[] = [];
      for (const chunk of output) {
        const known = Math.min(chunk.length, Math.max(0, handedOn - position));
        position += chunk.length;
        if (known < chunk.length) fresh.push(chunk.subarray(known));
      }
      handedOn = Math.max(handedOn, position);
      return fresh;
    };
    try {
      for (const bytes of good) await feed(bytes);
      for (;;) {
        const piece = rest.subarray(0, size);
        yield* await feed(piece);
        if (engine.failure !== undefined || piece.length === 0) {
          rest = piece;
          break;
        }
        good.push(piece);
        rest = rest.subarray(size);
      }
    } finally {
      engine.close();
    }
  }
}
