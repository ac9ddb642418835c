import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CommonOptions,
  type PayloadOptions,
  payloadCrcOption,
  readingOptions,
  withCommonOptions,
} from './options.ts';

/** Formats of output files. */
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
  readonly binary?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

const FORMATS: readonly FileFormat[] = ['tfrecord', 'recordio', 'textline', 'jsonl', 'base64'];
const OUTPUT = 'Output:';

/** Describes the output argument. */
export const OUT = 'a new file or s3://bucket/key (see --force), or - for stdout';

/** Adds the options of the commands that write record files. */
export function withTransformOptions(command: Command): Command {
  withCommonOptions(command)
    .addOption(
      new Option(
        '--from <format>',
        'input format: as --format, plus jsonl and base64 (default: from the extension, else the content)',
      )
        .choices(FORMATS)
        .conflicts('format'),
    )
    .addOption(payloadCrcOption())
    .option('--json', 'print a summary as JSON')
    .option('-q, --quiet', 'hide progress and summary')
    .option('--no-progress', 'hide progress');
  const output = [
    new Option(
      '--to <format>',
      'output format (default: from the extension, else that of the input)',
    ).choices(FORMATS),
    new Option(
      '--output-compression <kind>',
      'output compression (default: from the extension, .gz or .zz, else none)',
    ).choices(['none', 'gzip', 'zlib']),
    new Option('--level <n>', 'compression level, 0 to 9 (default: 6)').argParser(level),
    new Option('--no-escape', 'RecordIO: do not split payloads at magic numbers (for SageMaker)'),
    new Option('-f, --force', 'overwrite existing output files'),
    new Option('--binary', 'write binary output to a terminal'),
  ];
  for (const option of output) command.addOption(option.helpGroup(OUTPUT));
  return command;
}

/** The options for the library's transformations. */
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
      // As on input, so that text that is split, merged or shuffled keeps its line endings.
      ...(delimiter !== undefined && { delimiter }),
      ...(cr !== undefined && { cr }),
    },
    overwrite: force,
  };
}

function level(text: string): number {
  if (/^[0-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected an integer from 0 to 9.');
}
