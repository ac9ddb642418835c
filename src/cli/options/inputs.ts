import { fstatSync } from 'node:fs';
import type { ByteSource } from 'recordpipe';
import type { InputNotice, InputOptions } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { complain } from '../output.ts';
import { visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';
import { noteUnknownFeature } from './filter.ts';
import { type AnyObjectOptions, accessOf } from './objects.ts';
import { flag, grouped, type OptionsOf, parsed, repeated } from './option.ts';
import type { ReadingOptions } from './reading.ts';

type Format = ReadingOptions['format'];

const LIST = '@list (a file that lists inputs, one per line or NUL-separated; @- reads the list from stdin)';
const PATHS = 'files, directories, quoted glob patterns';
const ADDRESSES = 'S3 addresses (s3://bucket/key, s3://bucket/prefix/ or a quoted pattern)';

/** Description of the argument of commands that accept local files. */
export const LOCAL_INPUTS: string = `${PATHS}, or ${LIST}`;

/** Description of the argument of commands that accept files and objects. */
export const STORED_INPUTS: string = `${PATHS}, ${ADDRESSES}, or ${LIST}`;

/** Description of the argument of commands that accept many inputs. */
export const INPUTS: string = `${PATHS}, ${ADDRESSES}, ${LIST}, or - for stdin`;

/** Description of the argument of commands that accept one input, which may name several files. */
export const INPUT =
  'a file, directory, quoted glob pattern, S3 address (s3://bucket/key, s3://bucket/prefix/ or a quoted pattern), @list (a file that lists inputs), or - for stdin';

/** Description of the argument of commands that accept one file. */
export const ONE_FILE = 'a file, s3://bucket/key, or - for stdin';

/** Options of commands that accept directories. */
export interface InputSelection {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly strictShards?: true;
}

export const inputSelection: OptionsOf<InputSelection> = grouped('Directories, prefixes and patterns:', {
  include: parsed(
    '--include <glob>',
    'use only files that this glob matches, regardless of their extensions; repeatable. A glob that contains a slash is matched against the path below the directory; any other glob is matched against the file name',
    repeated,
  ),
  exclude: parsed('--exclude <glob>', 'skip files that this glob matches; repeatable', repeated),
  strictShards: flag(
    '--strict-shards',
    'treat missing shards and mixed shard sets (NAME-00000-of-00004) as errors',
  ),
});

/**
 * Returns the library options for expanding inputs.
 * @param quiet whether to suppress notices about skipped files and missing shards
 */
export function inputsOf({ include, exclude, strictShards }: InputSelection, quiet?: boolean): InputOptions {
  const paint = painter(2);
  const onNotice = (notice: InputNotice): void => {
    if (notice.code === 'unknown-feature') {
      noteUnknownFeature(notice);
      return;
    }
    const message = visible(notice.message);
    if (notice.code === 'skipped-files') complain(`recordpipe: ${visible(notice.uri)}: ${message}`);
    else complain(`recordpipe: ${paint('yellow', 'warning')}: ${notice.code}: ${message}`);
  };
  return { include, exclude, strictShards: strictShards === true, onNotice: quiet ? undefined : onNotice };
}

type ExpandingOptions = InputSelection &
  AnyObjectOptions & { readonly format: Format; readonly quiet?: true };

/**
 * Expands inputs to files.
 * @param format format of the files to select from directories and patterns
 */
export async function expanded(
  inputs: string | readonly string[],
  options: ExpandingOptions,
  format: Format = options.format,
): Promise<string[]> {
  const { expandInputs } = await import('recordpipe/check');
  return expandInputs(inputs, format, { ...accessOf(options), ...inputsOf(options, options.quiet) });
}

/** Expands the inputs in the given order. Files of a directory or pattern are sorted by name. */
export async function expandedInOrder(
  inputs: readonly string[],
  options: ExpandingOptions,
): Promise<string[]> {
  const files: string[] = [];
  for (const input of inputs) for (const file of await expanded(input, options)) files.push(file);
  if (files.filter((file) => file === '-').length > 1)
    throw new UsageError('inputs: standard input can be read only once');
  return files;
}

/**
 * Returns the source for an argument, and its name in errors. If standard input is a pipe, the
 * event loop reads it so that signals can interrupt it.
 */
export function sourceOf(file: string): { source: ByteSource; uri: string } {
  if (file !== '-') return { source: file, uri: file };
  const stdin = fstatSync(0);
  // For other file types, such as directories, process.stdin ends immediately, like an empty file.
  const isStream = stdin.isFIFO() || stdin.isSocket() || stdin.isCharacterDevice();
  return { source: isStream ? process.stdin : '-', uri: '<stdin>' };
}

/** Returns the list files (`@FILE`) among the inputs. */
export function listsIn(inputs: readonly unknown[]): string[] {
  return inputs.flatMap((input) => (typeof input === 'string' && /^@./.test(input) ? [input.slice(1)] : []));
}

/** Returns the error for a command without inputs. */
export function noInputs(): UsageError {
  return new UsageError("missing required argument 'inputs' (or --plan)");
}
