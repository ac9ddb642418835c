import type { Duplex, Transform } from 'node:stream';
import { encodeTextLine, type TextLineEncodeOptions } from '../framing/textline-encode.ts';
import { readTextLines } from '../records/textline/read-textlines.ts';
import type { TextLineReadOptions } from '../records/textline/textline-options.ts';
import { nodeDecoder, nodeEncoder } from './record-node-streams.ts';

/**
 * A Node stream from the bytes of a text file to its lines: each chunk read from it is one line, a view.
 *
 * @throws as `readTextLines`, as the stream's `error`
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTextLineDecoder } from 'recordpipe/files';
 * const file = Readable.from([Uint8Array.of(97, 10)]);
 * for await (const line of file.pipe(createTextLineDecoder())) console.log(line); // Uint8Array(1) [ 97 ]
 * ```
 */
export function createTextLineDecoder(options?: Partial<Omit<TextLineReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readTextLines(bytes, { ...options, reuse: false }));
}

/**
 * A Node stream from records to the bytes of a text file: each chunk written to it is one line.
 *
 * @throws as `encodeTextLine`, as the stream's `error`
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTextLineEncoder } from 'recordpipe/files';
 * const records = Readable.from([Uint8Array.of(97), Uint8Array.of(98, 99)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createTextLineEncoder())) bytes += chunk.length;
 * console.log(bytes); // 5
 * ```
 */
export function createTextLineEncoder(options?: Partial<TextLineEncodeOptions>): Transform {
  return nodeEncoder('createTextLineEncoder', (record) => encodeTextLine(record, options));
}
