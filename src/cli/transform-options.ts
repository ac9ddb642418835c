import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CommonOptions,
  type PayloadOptions,
  payloadCrcOption,
  readingOptions,
  withCommonOptions,
} from './options.ts';

/** The formats that files are written in. */
export type FileFormat = 'tfrecord' | 'recordio' | 'textline' | 'jsonl' | 'base64';

/** Options of the commands that write record files. */
export interface TransformCommandOptions extends CommonOptions, Pick<PayloadOptions, 'payloadCrc'> {
  readonly from?: FileFormat;
  readonly to?: FileFormat;
  readonly outputCompression?: 'none' | 'gzip' | 'zlib';
  readonly level?: number;
  /** `--no-escape` */
  readonly escape: boolean;
  readonly force?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

const FORMATS: readonly FileFormat[] = ['tfrecord', 'recordio', 'textline', 'jsonl', 'base64'];
const OUTPUT = 'Output:';

/** What the argument for the output is. */
export const OUT = 'a file or s3://bucket/key that is not there yet (see --force), or - for stdout';

/** Adds what the commands that write record files have. */
export function withTransformOptions(command: Command): Command {
  withCommonOptions(command)
    .addOption(
      new Option('--from <format>', 'as --format, and jsonl, base64 (default: by extension, else by content)')
        .choices(FORMATS)
        .conflicts('format'),
    )
    .addOption(payloadCrcOption())
    .option('--json', 'print what was done as a JSON document')
    .option('-q, --quiet', 'no progress and no summary')
    .option('--no-progress', 'no progress');
  const output = [
    new Option('--to <format>', 'format to write (default: by extension, else as the input)').choices(
      FORMATS,
    ),
    new Option(
      '--output-compression <kind>',
      'compress the output (default: by extension, .gz or .zz, else none)',
    ).choices(['none', 'gzip', 'zlib']),
    new Option('--level <n>', 'of compression, 0 to 9 (default: 6)').argParser(level),
    new Option('--no-escape', 'RecordIO: do not split payloads at magic numbers (for SageMaker)'),
    new Option('-f, --force', 'replace files that are there'),
  ];
  for (const option of output) command.addOption(option.helpGroup(OUTPUT));
  return command;
}

/** The part of the options that the library's transformations take. */
export function transformingOptions(options: TransformCommandOptions): {
  from: FileFormat | 'auto';
  to: FileFormat | undefined;
  read: Omit<ReturnType<typeof readingOptions>, 'format' | 'recover'>;
  write: {
    compression?: 'none' | 'gzip' | 'zlib';
    level?: number;
    escapeMagic?: boolean;
    delimiter?: Uint8Array;
    cr?: 'keep' | 'crlf' | 'all';
  };
  overwrite: boolean;
} {
  const { from, to, outputCompression, level, escape: escapeMagic, force = false, delimiter, cr } = options;
  const { format, recover: _, ...read } = readingOptions(options);
  return {
    from: from ?? format,
    to,
    read,
    write: {
      ...(outputCompression !== undefined && { compression: outputCompression }),
      ...(level !== undefined && { level }),
      ...(!escapeMagic && { escapeMagic }),
      // As it is read, so that what is split, merged or shuffled stays a text of the same kind.
      ...(delimiter !== undefined && { delimiter }),
      ...(cr !== undefined && { cr }),
    },
    overwrite: force,
  };
}

function level(text: string): number {
  if (/^[0-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 0 to 9.');
}
