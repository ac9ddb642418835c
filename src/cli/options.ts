import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseSize } from './sizes.ts';
import type { ColorChoice } from './style.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly format: 'tfrecord' | 'auto';
  readonly compression: 'auto' | 'none' | 'gzip' | 'zlib';
  readonly maxRecordSize?: number;
  readonly onTruncated: 'error' | 'stop';
  readonly trailing: 'error' | 'zeros-ok' | 'ignore';
  readonly color: ColorChoice;
}

/** Options of the commands that print reports. */
export interface ReportingOptions extends CommonOptions {
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

/** Adds what every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(choice('--format <format>', 'format of the files', ['auto', 'tfrecord'], 'auto'))
    .addOption(
      choice('--compression <kind>', 'compression of whole files', ['auto', 'none', 'gzip', 'zlib'], 'auto'),
    )
    .option(
      '--max-record-size <size>',
      'longest payload that is not an error, like 8MiB (default: 2 GiB)',
      size,
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
}

/** Adds what the commands that print reports have. */
export function withReportingOptions(command: Command): Command {
  return withCommonOptions(command)
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON event per line').conflicts('json'))
    .option('-q, --quiet', 'no progress and no summary')
    .option('--no-progress', 'no progress')
    .option('-j, --jobs <n>', 'most files checked at once (default: one per core)', atLeast(1));
}

/** Adds what the commands that look at payloads have. */
export function withPayloadOptions(command: Command): Command {
  return command
    .addOption(
      choice(
        '--payload-crc <kind>',
        "smdebug: also what SageMaker's debugger writes in place of checksums",
        ['crc32c', 'smdebug'],
        'crc32c',
      ),
    )
    .option('--recover', 'go on behind damage at the next good record');
}

/** A whole number from `least` on. */
export function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} on.`);
  };
}

/** The part of the options that the library's readers take. */
export function readingOptions(options: CommonOptions & Partial<PayloadOptions>): {
  compression: CommonOptions['compression'];
  onTruncated: CommonOptions['onTruncated'];
  trailing: CommonOptions['trailing'];
  maxRecordBytes?: number;
  payloadCrc?: PayloadOptions['payloadCrc'];
  recover: 'scan' | 'none';
} {
  const { compression, onTruncated, trailing, maxRecordSize, payloadCrc, recover } = options;
  return {
    compression,
    onTruncated,
    trailing,
    recover: recover ? 'scan' : 'none',
    ...(maxRecordSize !== undefined && { maxRecordBytes: maxRecordSize }),
    ...(payloadCrc !== undefined && { payloadCrc }),
  };
}

function size(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Expected a size like 8MiB, 64K, 1GB or 4096.');
}

function choice(flags: string, text: string, choices: string[], preset: string): Option {
  return new Option(flags, text).choices(choices).default(preset);
}
