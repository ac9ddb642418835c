import type { OptionNames } from '../bytes/option-names.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../framing/format-name.ts';
import { compileGlob, type Glob } from '../objects/glob.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import type { InputNotice } from './input-notice.ts';

/** Which files of folders, prefixes and patterns are inputs, and who is told what is odd about them. */
export interface InputOptions {
  /**
   * Patterns of the only files to take from folders, prefixes and patterns; these are taken whatever their names. A
   * pattern with a slash is matched against the path below the folder, one without against the name alone. Default:
   * files of the format, by their names and, where a name is unknown, by their contents.
   */
  readonly include: readonly string[] | undefined;
  /** Patterns of files, as for `include`, to skip. Default: none. Files that are named by themselves are never skipped. */
  readonly exclude: readonly string[] | undefined;
  /** Whether missing and mixed shards, by their names, are an `incomplete-shards` error. Default false. */
  readonly strictShards: boolean | undefined;
  /** Called with what was skipped, and with sets of shards that are not complete. */
  readonly onNotice: ((notice: InputNotice) => void) | undefined;
}

/** The names of {@link InputOptions}. */
export const INPUT_OPTION_NAMES: OptionNames<InputOptions> = {
  include: true,
  exclude: true,
  strictShards: true,
  onNotice: true,
};

/** How inputs are expanded. Every field has a default. */
export interface ExpandOptions extends Partial<InputOptions> {
  /** Which files are taken from folders. Default `auto`. */
  readonly format?: FormatName | 'auto' | undefined;
  /** How objects are read. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/objects`. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Judges names by `include` and `exclude`. */
export class NameFilter {
  readonly including: boolean;
  readonly #include: readonly NamePattern[];
  readonly #exclude: readonly NamePattern[];

  constructor({ include = [], exclude = [] }: ExpandOptions) {
    this.#include = patterns('include', include);
    this.#exclude = patterns('exclude', exclude);
    this.including = include.length > 0;
  }

  /** @param path below the folder or prefix, with slashes */
  excludes(path: string): boolean {
    return this.#exclude.some((pattern) => matches(pattern, path));
  }

  includes(path: string): boolean {
    return this.#include.some((pattern) => matches(pattern, path));
  }
}

interface NamePattern {
  readonly glob: Glob;
  readonly onPath: boolean;
}

function patterns(option: string, given: readonly string[]): NamePattern[] {
  if (!Array.isArray(given) || given.some((pattern) => typeof pattern !== 'string' || pattern === ''))
    throw new UsageError(`${option}: expected a list of patterns, got ${JSON.stringify(given)}`);
  return given.map((pattern: string) => ({ glob: compileGlob(pattern), onPath: pattern.includes('/') }));
}

function matches({ glob, onPath }: NamePattern, path: string): boolean {
  return glob.matches(onPath ? path : path.slice(path.lastIndexOf('/') + 1));
}
