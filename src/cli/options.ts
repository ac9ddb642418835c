import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ObjectOptions } from 'recordpipe/storage';
import { type InputCommandOptions, withInputOptions } from './input-options.ts';
import { type ObjectCommandOptions, objectOptionsOf, withObjectOptions } from './object-options.ts';
import { parseEscapes } from './text/escapes.ts';
import { parseDuration, parseSize } from './text/sizes.ts';
import type { ColorChoice } from './text/style.ts';

// Parsers of option arguments.

/** An integer >= `min`. */
export function atLeast(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`Expected an integer >= ${min}.`);
  };
}

/** More threads only take memory: each costs about 10 MB. */
const MAX_JOBS = 256;

/** How many files are processed in parallel. */
export function jobsOption(text: string): number {
  const jobs = atLeast(1)(text);
  if (jobs <= MAX_JOBS) return jobs;
  throw new InvalidArgumentError(`Expected an integer from 1 to ${MAX_JOBS}.`);
}

/** A line delimiter: text with escapes, as bytes. */
export function delimiterOption(text: string): Uint8Array {
  const bytes = parseEscapes(text);
  if (bytes !== undefined && bytes.length > 0) return bytes;
  throw new InvalidArgumentError('Expected text; the only escapes are \\n \\r \\t \\0 \\\\ \\xHH \\uHHHH.');
}

/** A size such as 8MiB, in bytes. */
export function sizeOption(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Expected a size such as 8MiB, 64K, 1GB or 4096.');
}

/** A duration such as 30s, in milliseconds. */
export function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('Expected a duration such as 500ms, 30s, 5m or 1h.');
}

/** Options for one format. */
export interface FormatOptions {
  readonly multipart?: 'dmlc' | 'concat' | 'error';
  readonly cr?: 'keep' | 'crlf' | 'all';
  readonly delimiter?: Uint8Array;
  readonly encoding?: string;
  readonly skipBlank?: true;
  readonly stripBom?: true;
}

/** Options of every command that reads records. */
export interface CommonOptions extends FormatOptions, ObjectCommandOptions {
  readonly format: 'tfrecord' | 'recordio' | 'textline' | 'auto';
  readonly compression: 'auto' | 'none' | 'gzip' | 'zlib';
  readonly maxRecordSize?: number;
  readonly onTruncated: 'error' | 'stop';
  readonly trailing: 'error' | 'zeros-ok' | 'ignore';
  readonly color: ColorChoice;
}

/** Options of the commands that print reports. */
export interface ReportingOptions extends CommonOptions, InputCommandOptions {
  readonly json?: true;
  readonly jsonl?: true;
  readonly quiet?: true;
  readonly progress: boolean;
  readonly jobs?: number;
}

/** Options of the commands that read payloads. */
export interface PayloadOptions {
  readonly payloadCrc: 'crc32c' | 'smdebug';
  readonly recover?: true;
}

const FORMATS = ['auto', 'tfrecord', 'recordio', 'textline'];

/** Adds the options of every command that reads records. */
export function withCommonOptions(command: Command): Command {
  command
    .addOption(choice('--format <format>', 'format of the input files', FORMATS, 'auto'))
    .addOption(
      choice(
        '--compression <kind>',
        'compression of the input files',
        ['auto', 'none', 'gzip', 'zlib'],
        'auto',
      ),
    )
    .option('--max-record-size <size>', 'maximum payload size, e.g. 8MiB (default: 2 GiB)', sizeOption)
    .addOption(
      choice('--on-truncated <what>', 'how to treat a truncated final header', ['error', 'stop'], 'error'),
    )
    .addOption(
      choice(
        '--trailing <what>',
        'how to treat bytes after the last record',
        ['error', 'zeros-ok', 'ignore'],
        'error',
      ),
    )
    .addOption(
      choice('--color <when>', 'when to use colors (honors NO_COLOR)', ['auto', 'always', 'never'], 'auto'),
    );
  for (const option of formatOptions()) command.addOption(option);
  return withObjectOptions(command);
}

/** Options without defaults; the library applies its own. */
function formatOptions(): Option[] {
  const recordIO = [
    new Option(
      '--multipart <kind>',
      'multipart records: dmlc restores the magic number between parts (default), concat does not (SageMaker), error rejects them',
    ).choices(['dmlc', 'concat', 'error']),
  ];
  const text = [
    new Option(
      '--cr <kind>',
      'carriage returns: crlf strips one before each newline (default), keep keeps all, all strips all (TensorFlow)',
    ).choices(['keep', 'crlf', 'all']),
    new Option(
      '--delimiter <text>',
      'line delimiter; escapes: \\n \\r \\t \\0 \\xHH \\uHHHH (default: \\n)',
    ).argParser(delimiterOption),
    new Option(
      '--encoding <label>',
      'text encoding: utf8, utf-16le, latin1, … (default: bytes are not decoded)',
    ),
    new Option('--skip-blank', 'skip empty lines'),
    new Option('--strip-bom', 'strip a byte order mark'),
  ];
  return [
    ...recordIO.map((option) => option.helpGroup('RecordIO:')),
    ...text.map((option) => option.helpGroup('Text lines:')),
  ];
}

/** Adds the options of the commands that print reports. */
export function withReportingOptions(command: Command): Command {
  return withRunOptions(command).addOption(
    new Option('--jsonl', 'print one JSON object per line').conflicts('json'),
  );
}

/** Adds the options of the commands that process many files. */
export function withRunOptions(command: Command): Command {
  return withInputOptions(withCommonOptions(command))
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'hide progress and summary')
    .option('--no-progress', 'hide progress')
    .option(
      '-j, --jobs <n>',
      'number of files to process in parallel, up to 256 (default: one per core)',
      jobsOption,
    );
}

/** Adds the options of the commands that read payloads. */
export function withPayloadOptions(command: Command): Command {
  return command
    .addOption(payloadCrcOption())
    .option('--recover', 'skip damaged data and resume at the next valid record');
}

export function payloadCrcOption(): Option {
  return choice(
    '--payload-crc <kind>',
    "smdebug: also accept what SageMaker's debugger writes in place of checksums",
    ['crc32c', 'smdebug'],
    'crc32c',
  );
}

/** Options for the library's readers. */
export interface ReadingOptions extends FormatOptions {
  readonly format: CommonOptions['format'];
  readonly compression: CommonOptions['compression'];
  readonly onTruncated: CommonOptions['onTruncated'];
  readonly trailing: CommonOptions['trailing'];
  readonly recover: 'scan' | 'none';
  readonly maxRecordBytes?: number;
  readonly payloadCrc?: PayloadOptions['payloadCrc'];
  readonly objects?: Partial<ObjectOptions>;
}

/** The options for the library's readers. */
export function readingOptions(options: CommonOptions & Partial<PayloadOptions>): ReadingOptions {
  const { format, compression, onTruncated, trailing, maxRecordSize, payloadCrc, recover } = options;
  const { multipart, cr, delimiter, encoding, skipBlank, stripBom } = options;
  const objects = objectOptionsOf(options);
  return {
    format,
    compression,
    onTruncated,
    trailing,
    recover: recover ? 'scan' : 'none',
    ...(maxRecordSize !== undefined && { maxRecordBytes: maxRecordSize }),
    ...(payloadCrc !== undefined && { payloadCrc }),
    ...(multipart !== undefined && { multipart }),
    ...(cr !== undefined && { cr }),
    ...(delimiter !== undefined && { delimiter }),
    ...(encoding !== undefined && { encoding }),
    ...(skipBlank && { skipBlank }),
    ...(stripBom && { stripBom }),
    ...(objects !== undefined && { objects }),
  };
}

function choice(flags: string, text: string, choices: string[], preset: string): Option {
  return new Option(flags, text).choices(choices).default(preset);
}
