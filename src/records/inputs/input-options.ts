import type { OptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { compileGlob, type Glob } from '../../storage/glob.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { type ContentKind, isIndexName, nameKind, unreadableCompression } from './record-names.ts';

type Format = FormatName | 'auto';

/** Which files of a folder, prefix or pattern are taken. */
export interface Selection {
  readonly format: FormatName | 'auto';
  readonly filter: NameFilter;
  readonly skipped: Skipped;
  readonly signal: AbortSignal | undefined;
  /** Called with each `dataset_info.json`. */
  readonly onInfo: (path: string) => void;
}

/** TensorFlow Datasets' description of the files beside it. */
export const DATASET_INFO = 'dataset_info.json';

/** How a file that an input names otherwise is taken. */
const OTHERWISE = 'to read files with other names, use a pattern or --include';

/** What is looked for in a folder, for the error where there is none. */
export const SOUGHT: Readonly<Record<Format, string>> = {
  tfrecord: `TFRecord file in this folder (*.tfrecord, *.tfrecords, *.tfrec, *-00000-of-00012, …); ${OTHERWISE}`,
  recordio: `RecordIO file in this folder (*.rec, *.recordio, *-00000-of-00012, …); ${OTHERWISE}`,
  textline: `text file in this folder (*.txt, *.jsonl, *.csv, *-00000-of-00012, …); ${OTHERWISE}`,
  auto: `TFRecord or RecordIO file in this folder (*.tfrecord, *.rec, *-00000-of-00012, …); ${OTHERWISE}; text files need format: 'textline'`,
};

/** Why a name is skipped whatever the file is; undefined where it is not. */
export function refusal(below: string, name: string, { filter }: Selection): SkipReason | undefined {
  if (filter.excludes(below)) return 'excluded';
  if (filter.including) return filter.includes(below) ? undefined : 'not-included';
  return name.startsWith('.') ? 'hidden' : undefined;
}

/**
 * Why a file that matches a pattern is skipped: as `refusal`, and indexes, which lie beside the data that `train-*` means.
 * A pattern for indexes (`*.idx`) takes them.
 */
export function refusalByPattern(
  pattern: string,
  below: string,
  name: string,
  selection: Selection,
): SkipReason | undefined {
  const { including } = selection.filter;
  const why = refusal(below, name, selection);
  // Which hidden files a pattern matches is the pattern's choice.
  if (why !== undefined && (why !== 'hidden' || including)) return why;
  return !including && isIndexName(name) && !isIndexName(pattern) ? 'index' : undefined;
}

/** What a name says: records, nothing, or why the file is skipped. */
export function otherName(
  name: string,
  format: Format,
): 'records' | 'unknown' | { readonly reason: SkipReason; readonly detail?: string } {
  const kind = nameKind(name, format);
  if (kind === 'records') return kind;
  // Any file may be text: which of them hold lines of data, only names tell.
  if (kind === 'unknown')
    return format !== 'textline' || /^part-/.test(name) ? kind : { reason: 'other-name' };
  if (kind === 'compressed') return { reason: 'compression', detail: unreadableCompression(name)! };
  return { reason: kind === 'other' ? 'other-name' : kind };
}

/** What a file is instead of one of the format; undefined where it is one. */
export function otherContents(kind: ContentKind, format: Format): string | undefined {
  if (kind.format === undefined) return kind.is;
  if (format === 'auto' ? kind.format !== 'textline' : kind.format === format) return undefined;
  return { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'text' }[kind.format];
}

/** Why a file in a folder, or an object below a prefix, was skipped. */
export type SkipReason =
  /** Its name, or that of a folder above it, begins with a dot. */
  | 'hidden'
  /** `_SUCCESS` and its like. */
  | 'marker'
  /** An index, `*.rpidx` or `*.idx`, or, where manifests are no data, a manifest. */
  | 'index'
  /** Compressed as recordpipe cannot read it: zstd, snappy, bzip2, xz, lz4, … */
  | 'compression'
  /** Its name is that of another kind of file, or of a format that is not looked for. */
  | 'other-name'
  /** Its name is unknown, and its contents are no records of the format. */
  | 'other-contents'
  /** Its name is unknown, and its contents were not inspected: objects beyond a limit. */
  | 'not-inspected'
  /** A named pipe, socket or device. */
  | 'special-file'
  /** Matched by `exclude`. */
  | 'excluded'
  /** Not matched by `include`. */
  | 'not-included'
  /** A folder, reached by a pattern, that may not be read. */
  | 'unreadable-folder';

/** Files of one folder, prefix or pattern that were skipped for the same reason. */
export interface SkippedFiles {
  readonly code: 'skipped-files';
  /** The folder, prefix or pattern. */
  readonly uri: string;
  readonly reason: SkipReason;
  readonly count: number;
  /** The first 10 names in sorted order, relative to the folder or prefix. */
  readonly names: readonly string[];
  readonly message: string;
}

/** Something that is odd about a set of shards, `NAME-00000-of-00004`, by the names of its files. */
export interface ShardNotice {
  /**
   * `missing-shards`: numbers of a set have no file; `mixed-shards`: shards of sets of several sizes have the same name;
   * `surplus-shards`: numbers that the set cannot have; `dataset-info`: `dataset_info.json` beside the files lists other
   * shards.
   */
  readonly code: 'missing-shards' | 'mixed-shards' | 'surplus-shards' | 'dataset-info';
  /** The set, with `*` in place of the number. */
  readonly uri: string;
  /** How many shards there should be. */
  readonly total: number;
  /** How many shards this is about. */
  readonly count: number;
  /** The first 10 of their numbers. */
  readonly shards: readonly number[];
  readonly message: string;
}

/** The number of records of a file that is not that of `dataset_info.json` beside it. */
export interface RecordCountNotice {
  readonly code: 'record-count';
  readonly uri: string;
  readonly expected: number;
  readonly records: number;
  readonly message: string;
}

/** There was nothing to do: no input, or lists of none. */
export interface NoFilesNotice {
  readonly code: 'no-files';
  readonly message: string;
}

/** Something about the inputs of a run that is worth knowing: a stable `code`, and `message` for people. */
export type InputNotice = SkippedFiles | ShardNotice | RecordCountNotice | NoFilesNotice;

/** Names that a notice has. */
const MAX_NAMES = 10;

const REASONS: Record<SkipReason, string> = {
  hidden: 'hidden',
  marker: 'markers without records',
  index: 'indexes and manifests',
  compression: 'compression that is not supported; decompress them first',
  'other-name': 'other formats, by their names',
  'other-contents': 'no records of this format in them',
  'not-inspected': 'unknown names; too many to inspect each, so include them explicitly',
  'special-file': 'no regular files; name them explicitly to read them',
  excluded: 'excluded',
  'not-included': 'not included',
  'unreadable-folder': 'folders without permission to read them',
};

/** Gathers skipped files: a few names of each kind, and how many there are. */
export class Skipped {
  readonly #found = new Map<string, { uri: string; reason: SkipReason; count: number; names: string[] }>();
  readonly #details = new Map<string, string>();

  /** @param detail what the file is, as a noun */
  add(uri: string, reason: SkipReason, name: string, detail?: string): void {
    const key = `${reason} ${uri}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = { uri, reason, count: 0, names: [] };
      this.#found.set(key, found);
    }
    found.count++;
    // A directory lists its files in any order: the smallest names make the same message every time.
    const { names } = found;
    if (names.length >= MAX_NAMES && name >= names[MAX_NAMES - 1]) return;
    names.push(name);
    names.sort();
    if (detail !== undefined) this.#details.set(`${uri} ${name}`, detail);
    if (names.length > MAX_NAMES) this.#details.delete(`${uri} ${names.pop()}`);
  }

  notices(): SkippedFiles[] {
    return Array.from(this.#found.values(), ({ uri, reason, count, names }) => {
      const files = `${count} ${reason === 'unreadable-folder' ? 'folder' : 'file'}${count === 1 ? '' : 's'}`;
      const shown = names.map((name) => {
        const detail = this.#details.get(`${uri} ${name}`);
        return detail === undefined ? name : `${name} (${detail})`;
      });
      const more = count > names.length ? `, and ${count - names.length} more` : '';
      const message = `skipped ${files}, ${REASONS[reason]}: ${shown.join(', ')}${more}`;
      return { code: 'skipped-files', uri, reason, count, names, message };
    });
  }
}

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
  /** How objects are read. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
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
