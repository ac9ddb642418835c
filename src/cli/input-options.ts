import { type Command, Option } from 'commander';
import type { InputNotice, InputOptions } from 'recordpipe/report';
import { complain } from './output.ts';
import { visible } from './visible.ts';

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
  { include, exclude, strictShards }: InputCommandOptions,
  quiet?: boolean,
): InputOptions {
  return { include, exclude, strictShards: strictShards === true, onNotice: quiet ? undefined : sayNotice };
}

/** The same where the inputs are expanded once more, so that everything is said once. */
export function quietly(options: InputCommandOptions): InputOptions {
  return { ...inputOptionsOf(options, true), strictShards: false };
}

/** Says on standard error what is odd about inputs. */
export function sayNotice(notice: InputNotice): void {
  complain(noticeText(notice));
}

/** A notice for people. */
export function noticeText(notice: InputNotice): string {
  if (notice.code !== 'skipped-files')
    return `recordpipe: warning: ${notice.code}: ${visible(notice.message)}`;
  return `recordpipe: ${visible(notice.uri)}: ${visible(notice.message)}`;
}
