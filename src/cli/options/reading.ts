import { InvalidArgumentError } from 'commander';
import { FORMAT_NAMES, type FormatName } from 'recordpipe/formats/names';
import type { ObjectOptions } from 'recordpipe/storage';
import { type AnyObjectOptions, objectsOf } from './objects.ts';
import {
  choice,
  defined,
  flag,
  grouped,
  type OptionsOf,
  parsed,
  parseEscapes,
  size,
  value,
} from './option.ts';

/** Options of commands that read records. */
export interface ReadingOptions {
  readonly format: FormatName | 'auto';
  readonly compression: 'auto' | 'none' | 'gzip' | 'zlib';
  readonly maxRecordSize?: number;
  readonly onTruncated: 'error' | 'stop';
  readonly trailing: 'error' | 'zeros-ok' | 'ignore';
  readonly multipart?: 'dmlc' | 'concat' | 'error';
  readonly cr?: 'keep' | 'crlf' | 'all';
  readonly delimiter?: Uint8Array;
  readonly encoding?: string;
  readonly skipBlank?: true;
  readonly stripBom?: true;
}

/** Options of commands that read payloads. */
export interface PayloadOptions {
  readonly payloadCrc: 'crc32c' | 'smdebug';
  readonly recover?: true;
}

/** Heading of the options for reading input files. */
export const INPUT_HEADING = 'Input:';

/**
 * Declarations of the reading options. Options specific to a format have no defaults because the
 * library applies its own.
 */
export const readingOptions: OptionsOf<ReadingOptions> = {
  ...grouped(INPUT_HEADING, {
    format: choice('--format <format>', 'format of the input files', ['auto', ...FORMAT_NAMES], 'auto'),
    compression: choice(
      '--compression <kind>',
      'compression of the input files',
      ['auto', 'none', 'gzip', 'zlib'],
      'auto',
    ),
    maxRecordSize: parsed(
      '--max-record-size <size>',
      'maximum payload size, e.g. 8MiB (default: 2 GiB)',
      size,
    ),
    onTruncated: choice(
      '--on-truncated <what>',
      'how to treat a truncated final header',
      ['error', 'stop'],
      'error',
    ),
    trailing: choice(
      '--trailing <what>',
      'how to treat bytes after the last record',
      ['error', 'zeros-ok', 'ignore'],
      'error',
    ),
  }),
  ...grouped('RecordIO:', {
    multipart: choice(
      '--multipart <kind>',
      'how to treat multipart records; dmlc restores the magic number between parts (default), concat inserts nothing (for SageMaker), error rejects multipart records',
      ['dmlc', 'concat', 'error'],
    ),
  }),
  ...grouped('Text lines:', {
    cr: choice(
      '--cr <kind>',
      'how to treat carriage returns; crlf removes one carriage return before each newline (default), keep removes none, all removes all of them, as TensorFlow does',
      ['keep', 'crlf', 'all'],
    ),
    delimiter: parsed(
      '--delimiter <text>',
      'line delimiter; supports the escapes \\n \\r \\t \\0 \\xHH \\uHHHH (default: \\n)',
      delimiter,
    ),
    encoding: value(
      '--encoding <label>',
      'text encoding, e.g. utf8, utf-16le or latin1 (default: bytes are not decoded)',
    ),
    skipBlank: flag('--skip-blank', 'skip empty lines'),
    stripBom: flag('--strip-bom', 'strip a leading byte order mark'),
  }),
};

export const payloadOptions: OptionsOf<PayloadOptions> = grouped(INPUT_HEADING, {
  payloadCrc: choice(
    '--payload-crc <kind>',
    "accepted payload checksums; smdebug also accepts the nonstandard checksums that SageMaker's debugger writes",
    ['crc32c', 'smdebug'],
    'crc32c',
  ),
  recover: flag('--recover', 'skip damaged data and resume at the next valid record'),
});

function delimiter(text: string): Uint8Array {
  const bytes = parseEscapes(text);
  if (bytes !== undefined && bytes.length > 0) return bytes;
  throw new InvalidArgumentError(
    'Expected a string; the only escapes are \\n \\r \\t \\0 \\\\ \\xHH \\uHHHH.',
  );
}

/** Options of the library's readers. */
export interface LibraryReading
  extends Omit<ReadingOptions, 'maxRecordSize'>,
    Partial<Omit<PayloadOptions, 'recover'>> {
  readonly recover: 'scan' | 'none';
  readonly maxRecordBytes?: number;
  readonly objects?: Partial<ObjectOptions>;
}

/** Returns the options for the library's readers. */
export function readingOf(
  options: ReadingOptions & Partial<PayloadOptions> & AnyObjectOptions,
): LibraryReading {
  const { format, compression, onTruncated, trailing, payloadCrc, recover } = options;
  const { multipart, cr, delimiter, encoding, skipBlank, stripBom } = options;
  return {
    format,
    compression,
    onTruncated,
    trailing,
    recover: recover ? 'scan' : 'none',
    ...defined({ maxRecordBytes: options.maxRecordSize, payloadCrc, objects: objectsOf(options) }),
    ...defined({ multipart, cr, delimiter, encoding, skipBlank, stripBom }),
  };
}
