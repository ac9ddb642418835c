import { RecordpipeError } from '../../errors.ts';
import type { InflateOptions } from './gzip-header.ts';
import { corruptStream } from './gzip-header.ts';

/**
 * Inflates one gzip member or zlib stream with the browser's DecompressionStream. It rejects any
 * bytes after the stream, so nothing is lost silently.
 */
export async function* inflateWithStreams(
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncGenerator<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') {
    throw new RecordpipeError(
      'unsupported-source',
      `${options.kind}: this host has no DecompressionStream; decompress the bytes before passing them`,
    );
  }
  const { readable, writable } = new DecompressionStream(options.kind === 'gzip' ? 'gzip' : 'deflate');
  const fed = feed(source, writable as WritableStream<Uint8Array>);
  fed.catch(() => {}); // The readable side reports a failure.
  const reader = (readable as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await fed;
  } catch (error) {
    const failure = await fed.then(
      () => error,
      (reason: unknown) => reason,
    );
    if (failure instanceof RecordpipeError) throw failure;
    throw corruptStream(
      options.kind,
      'truncated, damaged, or followed by further members, which browsers do not read',
      failure,
    );
  } finally {
    reader.releaseLock();
  }
}

async function feed(source: AsyncIterable<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const chunk of source) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
