import { FILE_BUFFERS } from '../bytes/file-buffers.ts';
import type { ReadStats } from '../records/corruption.ts';
import { recordFormat } from '../records/formats.ts';
import type { DecoderSource, RecordDecoder } from '../records/record-decoder.ts';
import type { FormatName } from '../records/record-format.ts';
import type { RecordReadOptions } from '../records/record-read-options.ts';
import type { DetectCompression } from '../records/record-source.ts';
import type { PipeModeOptions, RecordFormatName } from './pipe-mode-options.ts';
import { SageMakerRecordIODecoder } from './sagemaker-recordio-decoder.ts';
import { SageMakerTFRecordDecoder } from './sagemaker-tfrecord-decoder.ts';

const NAMES: Readonly<Record<RecordFormatName, FormatName>> = {
  RecordIO: 'recordio',
  TFRecord: 'tfrecord',
  TextLine: 'textline',
};

/** A pipe of 64 KiB is read into one buffer until it is full. Records keep it alive, so it is not large. */
const FRESH_CHUNK_BYTES = 1024 * 1024;
/**
 * Four of them take turns. Processor milliseconds per gigabyte for records of 10 KB and 100 KB: 179 and 289; with 256 KiB, which stay in the cache of one core, 176 and
 * 336, as more records lie across two; with 1 MiB 196 and 258.
 */
const REUSED_CHUNK_BYTES = 512 * 1024;

/** How one epoch of a channel is decoded: options, memory to read into, decoders. */
export interface ChannelDecoding {
  readonly options: RecordReadOptions;
  readonly detectCompression: DetectCompression;
  /** Memory for the next read, where buffers are used again. */
  readonly nextBuffer: (() => Uint8Array) | undefined;
  decoder(source: DecoderSource, stats: ReadStats): RecordDecoder;
}

/**
 * The decoding of a channel's records.
 * @param reuse whether a batch is valid only until the next one is asked for
 * @throws UsageError for a value that no option has
 */
export function channelDecoding(pipe: PipeModeOptions, reuse: boolean): ChannelDecoding {
  const {
    recordFormat: name,
    compat,
    maxRecordBytes,
    compression,
    onCorrupt,
    maxCorruptedRecordsToSkip,
  } = pipe;
  const format = recordFormat(NAMES[name]);
  const options = format.readOptions({
    compression,
    maxRecordBytes,
    onCorrupt,
    maxCorruptedRecordsToSkip,
    multipart: 'concat',
    cr: 'keep',
    reuse,
    chunkBytes: reuse ? REUSED_CHUNK_BYTES : FRESH_CHUNK_BYTES,
  });
  const own = reuse ? format.own(options.chunkBytes, FILE_BUFFERS) : undefined;
  const strict = (source: DecoderSource, stats: ReadStats): RecordDecoder =>
    (own ?? format).decoder(options, source, stats);
  return {
    options,
    detectCompression: format.detectCompression,
    nextBuffer: own?.nextBuffer,
    decoder(source, stats) {
      if (compat === undefined || name === 'TextLine') return strict(source, stats);
      return name === 'RecordIO'
        ? new SageMakerRecordIODecoder(maxRecordBytes, source, stats)
        : new SageMakerTFRecordDecoder(strict(source, stats), maxCorruptedRecordsToSkip);
    },
  };
}
