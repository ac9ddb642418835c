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
