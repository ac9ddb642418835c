import { checkOptionNames, typeName } from '../bytes/arguments.ts';
import { asBytes, type BinaryData } from '../bytes/binary-data.ts';
import { inflateBytes } from '../bytes/inflate/inflate.ts';
import { UsageError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import { type CodecOptions, startBeyondEnd } from '../formats/codec-options.ts';
import { newReadStats, placed } from '../formats/corruption.ts';
import type { RecordCodec } from '../formats/record-format.ts';
import { DEFAULT_SOURCE_OPTIONS, readOptions, type SourceOptions } from './read-options.ts';
import { onceSync } from './record-reader.ts';
import { inflateOptions } from './record-source.ts';

/**
 * Size of the spans in which larger inputs are decoded, because positions in a batch have 32 bits.
 * A record that spans two of them is copied.
 */
const SPAN_BYTES = 2 ** 30;

/** Options for decoding bytes that are already in memory. */
export type DecodeOptions<O extends CodecOptions> = Omit<O, 'reuse'>;

type Batches = Generator<RecordBatch, void, undefined>;

/**
 * Decodes the records of a whole file in memory, in batches of up to about 1 MiB. The generator can
 * be iterated only once.
 *
 * @param caller name of the public function, for errors
 * @throws UsageError immediately, for an unknown option or option value, and for data that is not
 *   bytes
 * @throws the same errors as the format's decoder, while iterating; `unsupported-source` for
 *   compressed bytes in a browser
 */
export function decodeBytes<O extends CodecOptions>(
  caller: string,
  codec: RecordCodec<O>,
  data: BinaryData,
  given?: Partial<DecodeOptions<O>>,
): Batches {
  // Accept reading options that have no effect here, so that callers can share one object.
  if (given !== undefined)
    checkOptionNames(caller, given, { ...DEFAULT_SOURCE_OPTIONS, ...codec.readOptions(undefined) });
  const options: O =
    given === undefined
      ? codec.readOptions(undefined)
      : readOptions(codec, given as Partial<O & SourceOptions>);
  const bytes = asBytes(data);
  if (bytes === undefined)
    throw new UsageError(
      `${caller}: expected bytes (Uint8Array, ArrayBuffer or DataView), got ${typeName(data)}; to read files and streams, use readRecords`,
    );
  return onceSync((state) => batches(codec, bytes, options, state), `call ${caller} again`);
}

/** Yields the records of batches one by one. The generator can be iterated only once. */
export function decodedRecords(caller: string, batches: Batches): Generator<Uint8Array, void, undefined> {
  return onceSync((state) => records(batches, state), `call ${caller} again`);
}

function* records(batches: Batches, state: { ended: boolean }): Generator<Uint8Array, void, undefined> {
  try {
    for (const batch of batches) yield* batch;
  } finally {
    state.ended = true;
  }
}

function* batches<O extends CodecOptions>(
  codec: RecordCodec<O>,
  bytes: Uint8Array,
  options: O,
  state: { ended: boolean },
): Batches {
  try {
    for (const batch of decode(codec, bytes, options)) yield options.copy ? batch.copying() : batch;
  } finally {
    state.ended = true;
  }
}

function* decode<O extends CodecOptions>(codec: RecordCodec<O>, bytes: Uint8Array, options: O): Batches {
  const { uri, start } = options;
  const compression = options.compression === 'auto' ? codec.detectCompression(bytes) : options.compression;
  const { output, error } =
    compression === 'none'
      ? { output: bytes, error: undefined }
      : inflateBytes(bytes, inflateOptions(compression, options));
  const size = error === undefined ? () => output.length : undefined;
  const source = { uri, compressed: compression !== 'none', size, start };
  const decoder = codec.decoder(options, source, newReadStats());
  const begin = start?.offset ?? 0;
  if (begin > output.length) throw error ?? startBeyondEnd(begin, output.length, uri);
  for (let at = begin; at < output.length && !decoder.ended; at += SPAN_BYTES) {
    decoder.push(output.subarray(at, at + SPAN_BYTES));
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
  }
  if (error !== undefined && !decoder.ended) throw placed(error, decoder.place);
  decoder.end();
  for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
}
