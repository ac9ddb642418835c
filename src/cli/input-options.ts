import { type Command, Option } from 'commander';
import type { InputNotice, InputOptions } from 'recordpipe/check';
import { complain } from './output.ts';
import { type ColorChoice, type Painter, painter } from './text/style.ts';
import { visible } from './text/visible.ts';

/** Options of the commands that take folders. */
export interface InputCommandOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly strictShards?: true;
}

const GROUP = 'Folders, prefixes and patterns:';

/** Adds them. */
export function withInputOptions(command: Command): Command {
  const options = [
    new Option(
      '--include <glob>',
      'take only files that match, whatever their names; repeatable. With a slash it is matched against the path below the folder, else against the name',
    ).argParser(gathered),
    new Option('--exclude <glob>', 'skip files that match; repeatable').argParser(gathered),
    new Option('--strict-shards', 'missing or mixed shards (NAME-00000-of-00004) are an error'),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

function gathered(glob: string, before: readonly string[] = []): readonly string[] {
  return [...before, glob];
}

/**
 * The part of the options that the library's expansion of inputs takes.
 * @param quiet whether nothing is said of skipped files and missing shards
 */
export function inputOptionsOf(
  options: InputCommandOptions & { readonly color?: ColorChoice },
  quiet?: boolean,
): InputOptions {
  const { include, exclude, strictShards, color = 'auto' } = options;
  const paint = painter(color, 2);
  const onNotice = (notice: InputNotice): void => complain(noticeText(notice, paint));
  return { include, exclude, strictShards: strictShards === true, onNotice: quiet ? undefined : onNotice };
}

/** The same where the inputs are expanded once more, so that everything is said once. */
export function quietly(options: InputCommandOptions): InputOptions {
  return { ...inputOptionsOf(options, true), strictShards: false };
}

/** A notice for people. */
export function noticeText(notice: InputNotice, paint: Painter): string {
  if (notice.code !== 'skipped-files')
    return `recordpipe: ${paint('yellow', 'warning')}: ${notice.code}: ${visible(notice.message)}`;
  return `recordpipe: ${visible(notice.uri)}: ${visible(notice.message)}`;
}
