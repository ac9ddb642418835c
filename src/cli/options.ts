import { type Command, Option } from 'commander';
import type { ObjectOptions } from 'recordpipe/objects';
import { type InputCommandOptions, withInputOptions } from './input-options.ts';
import { type ObjectCommandOptions, objectOptionsOf, withObjectOptions } from './object-options.ts';
import { delimiterOption, jobsOption, sizeOption } from './option-values.ts';
import type { ColorChoice } from './style.ts';

/** Options that concern one format. */
export interface FormatOptions {
  readonly multipart?: 'dmlc' | 'concat' | 'error';
  readonly cr?: 'keep' | 'crlf' | 'all';
  readonly delimiter?: Uint8Array;
  readonly encoding?: string;
  readonly skipBlank?: true;
  readonly stripBom?: true;
}

/** Options that every command has. */
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

/** Options of the commands that look at payloads. */
export interface PayloadOptions {
  readonly payloadCrc: 'crc32c' | 'smdebug';
  readonly recover?: true;
}

const FORMATS = ['auto', 'tfrecord', 'recordio', 'textline'];

/** Adds what every command has. */
export function withCommonOptions(command: Command): Command {
  command
    .addOption(choice('--format <format>', 'format of the files', FORMATS, 'auto'))
    .addOption(
      choice('--compression <kind>', 'compression of whole files', ['auto', 'none', 'gzip', 'zlib'], 'auto'),
    )
    .option(
      '--max-record-size <size>',
      'longest payload that is not an error, like 8MiB (default: 2 GiB)',
      sizeOption,
    )
    .addOption(
      choice('--on-truncated <what>', 'what a header cut short at the end is', ['error', 'stop'], 'error'),
    )
    .addOption(
      choice(
        '--trailing <what>',
        'what bytes behind the last record are',
        ['error', 'zeros-ok', 'ignore'],
        'error',
      ),
    )
    .addOption(
      choice('--color <when>', 'colours (NO_COLOR is honoured)', ['auto', 'always', 'never'], 'auto'),
    );
  for (const option of formatOptions()) command.addOption(option);
  return withObjectOptions(command);
}

/** Without defaults: those are the library's. */
function formatOptions(): Option[] {
  const recordIO = [
    new Option(
      '--multipart <kind>',
      'records in parts: dmlc puts the magic number back between them (default), concat does not (SageMaker), error refuses them',
    ).choices(['dmlc', 'concat', 'error']),
  ];
  const text = [
    new Option(
      '--cr <kind>',
      'carriage returns: crlf takes one off before a newline (default), keep keeps them, all drops all (TensorFlow)',
    ).choices(['keep', 'crlf', 'all']),
    new Option(
      '--delimiter <text>',
      'what ends a line, with \\n \\r \\t \\0 \\xHH \\uHHHH (default: \\n)',
    ).argParser(delimiterOption),
    new Option('--encoding <label>', 'encoding of the text: utf8, utf-16le, latin1, … (default: any bytes)'),
    new Option('--skip-blank', 'pass over lines with nothing in them'),
    new Option('--strip-bom', 'take off a byte order mark'),
  ];
  return [
    ...recordIO.map((option) => option.helpGroup('RecordIO:')),
    ...text.map((option) => option.helpGroup('Lines of text:')),
  ];
}

/** Adds what the commands that print reports have. */
export function withReportingOptions(command: Command): Command {
  return withRunOptions(command).addOption(
    new Option('--jsonl', 'print one JSON event per line').conflicts('json'),
  );
}

/** Adds what the commands that run over many files have. */
export function withRunOptions(command: Command): Command {
  return withInputOptions(withCommonOptions(command))
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'no progress and no summary')
    .option('--no-progress', 'no progress')
    .option('-j, --jobs <n>', 'files to process in parallel, up to 256 (default: one per core)', jobsOption);
}

/** Adds what the commands that look at payloads have. */
export function withPayloadOptions(command: Command): Command {
  return command
    .addOption(payloadCrcOption())
    .option('--recover', 'go on behind damage at the next good record');
}

export function payloadCrcOption(): Option {
  return choice(
    '--payload-crc <kind>',
    "smdebug: also what SageMaker's debugger writes in place of checksums",
    ['crc32c', 'smdebug'],
    'crc32c',
  );
}

/** What the library's readers are told. */
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

/** The part of the options that the library's readers take. */
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
