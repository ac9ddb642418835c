import { InvalidArgumentError } from 'commander';
import { FORMAT_NAMES, type FormatName } from 'recordpipe/formats/names';
import type { TransformOptions } from 'recordpipe/transform';
import { type ObjectReadOptions, objectReadOptions } from './objects.ts';
import { choice, defined, flag, grouped, negation, type OptionsOf, parsed } from './option.ts';
import {
  INPUT_HEADING,
  type PayloadOptions,
  payloadOptions,
  type ReadingOptions,
  readingOf,
  readingOptions,
} from './reading.ts';
import { type ReportOptions, reportOptions } from './reports.ts';

/** Formats of output files. */
export type FileFormat = FormatName | 'base64';

/** Options of commands that write record files. */
export interface TransformingOptions
  extends ReadingOptions,
    ObjectReadOptions,
    ReportOptions,
    Pick<PayloadOptions, 'payloadCrc'> {
  readonly from?: FileFormat;
  readonly to?: FileFormat;
  readonly outputCompression?: 'none' | 'gzip' | 'zlib';
  readonly level?: number;
  readonly escape: boolean;
  readonly force?: true;
  readonly binary?: true;
}

export const FILE_FORMATS: readonly FileFormat[] = [...FORMAT_NAMES, 'base64'];

/** Heading of the output options. */
export const OUTPUT_HEADING = 'Output:';

/** Description of the argument that specifies an output. */
export const OUTPUT = 'a new file or s3://bucket/key (an existing one requires --force), or - for stdout';

/** Help notes of commands that keep the format of their input. */
export const TEXT_NOTES =
  'If both the input and the output are text lines, carriage returns are kept unless you pass --cr.';

export const transformOptions: OptionsOf<TransformingOptions> = {
  ...grouped(INPUT_HEADING, {
    from: choice(
      '--from <format>',
      'input format: any value that --format accepts, or base64 (default: from the extension, otherwise detected from the content)',
      FILE_FORMATS,
    ).conflicts('format'),
  }),
  ...readingOptions,
  payloadCrc: payloadOptions.payloadCrc,
  ...reportOptions,
  ...objectReadOptions,
  ...grouped(OUTPUT_HEADING, {
    to: choice(
      '--to <format>',
      'output format (default: from the extension, otherwise the input format)',
      FILE_FORMATS,
    ),
    outputCompression: choice(
      '--output-compression <kind>',
      'output compression (default: gzip for .gz, zlib for .zz, otherwise none)',
      ['none', 'gzip', 'zlib'],
    ),
    level: parsed('--level <n>', 'compression level, 0 to 9 (default: 6)', level),
    escape: negation('--no-escape', 'RecordIO: do not split payloads at magic numbers (for SageMaker)'),
    force: flag('-f, --force', 'overwrite existing output files'),
    binary: flag('--binary', 'allow binary output to a terminal'),
  }),
};

function level(text: string): number {
  if (/^[0-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected an integer from 0 to 9.');
}

/** Returns the options for the library's transformations. */
export function transformingOf(options: TransformingOptions): Partial<TransformOptions> {
  const { from, to, outputCompression, level, force = false, delimiter, cr } = options;
  const { format, recover: _, ...read } = readingOf(options);
  return {
    from: from ?? format,
    to,
    read,
    write: defined({
      compression: outputCompression,
      level,
      escapeMagic: options.escape ? undefined : false,
      // The output uses the input's delimiter, so that split, merge and shuffle keep line endings.
      delimiter,
      cr,
    }),
    overwrite: force,
  };
}
