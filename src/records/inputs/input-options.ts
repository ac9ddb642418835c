import type { OptionNames } from '../../bytes/arguments.ts';
import { trace } from '../../bytes/trace.ts';
import { UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { compileGlob, type Glob } from '../../storage/glob.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { type ContentKind, isIndexName, nameKind, unreadableCompression } from './record-names.ts';

/** Reasons for skipping a file in a folder or an object under a prefix. */
export type SkipReason =
  /** The name of the file, or of a folder that contains it, begins with a dot. */
  | 'hidden'
  /** The file is a marker such as `_SUCCESS`. */
  | 'marker'
  /**
   * The file is an index (`*.rpidx`, `*.idx`), or a manifest, if manifests are not read as data.
   */
  | 'index'
  /** The compression is one that recordpipe does not read: zstd, snappy, bzip2, xz, lz4, … */
  | 'compression'
  /** The name is that of a different kind of file, or of a format that was not requested. */
  | 'other-name'
  /** The name is unknown, and the contents are not records of the format. */
  | 'other-contents'
  /**
   * The name is unknown, and the contents were not inspected because there are too many such
   * objects.
   */
  | 'not-inspected'
  /** The file is a named pipe, socket or device. */
  | 'special-file'
  /** The file matches `exclude`. */
  | 'excluded'
  /** The file does not match `include`. */
  | 'not-included'
  /** The folder is below a pattern, and the process has no permission to read it. */
  | 'unreadable-folder';

/** Files of one folder, prefix or pattern that are skipped for the same reason. */
export interface SkippedFiles {
  /** Identifies the kind of notice. */
  readonly code: 'skipped-files';
  /** Folder, prefix or pattern. */
  readonly uri: string;
  /** Reason why the files were skipped. */
  readonly reason: SkipReason;
  /** Number of files. */
  readonly count: number;
  /** First 10 names in sorted order, relative to the folder or prefix. */
  readonly names: readonly string[];
  /** Human-readable description. */
  readonly message: string;
}

/** A problem with a set of shards, such as `NAME-00000-of-00004`, detected from the file names. */
export interface ShardNotice {
  /**
   * Kind of problem. `missing-shards`: some shards of a set have no file. `mixed-shards`: sets of
   * different sizes have the same name. `surplus-shards`: some shard numbers exceed the size of the
   * set. `dataset-info`: `dataset_info.json` in the folder of the files lists different shards.
   */
  readonly code: 'missing-shards' | 'mixed-shards' | 'surplus-shards' | 'dataset-info';
  /** Name of the set, with `*` in place of the number. */
  readonly uri: string;
  /** Expected number of shards. */
  readonly total: number;
  /** Number of shards with the problem. */
  readonly count: number;
  /** Numbers of the first 10 of these shards. */
  readonly shards: readonly number[];
  /** Human-readable description. */
  readonly message: string;
}

/**
 * A file whose number of records differs from the number in `dataset_info.json` in the same folder.
 */
export interface RecordCountNotice {
  /** Identifies the kind of notice. */
  readonly code: 'record-count';
  /** Path or address of the file. */
  readonly uri: string;
  /** Number of records in `dataset_info.json`. */
  readonly expected: number;
  /** Number of records in the file. */
  readonly records: number;
  /** Human-readable description. */
  readonly message: string;
}

/** A run has no files, because no inputs were specified or all lists of inputs are empty. */
export interface NoFilesNotice {
  /** Identifies the kind of notice. */
  readonly code: 'no-files';
  /** Human-readable description. */
  readonly message: string;
}

/** A feature in a filter expression that no record has. */
export interface UnknownFeatureNotice {
  /** Identifies the kind of notice. */
  readonly code: 'unknown-feature';
  /** Human-readable description. */
  readonly message: string;
}

/**
 * A notice about the inputs of a run. The `code` is stable; the `message` is for human readers.
 */
export type InputNotice =
  | SkippedFiles
  | ShardNotice
  | RecordCountNotice
  | NoFilesNotice
  | UnknownFeatureNotice;

/** Which files of folders, prefixes and patterns are inputs, and how notices are reported. */
export interface InputOptions {
  /**
   * Patterns of files to include from folders, prefixes and patterns, regardless of their names;
   * all other files are skipped. A pattern with a slash is matched against the path below the
   * folder, and a pattern without a slash against the name. Default: files of the format, detected
   * by name, or by contents if the name is unknown.
   */
  readonly include: readonly string[] | undefined;
  /**
   * Patterns of files to skip, with the syntax of `include`. Default: none. Explicitly named files
   * are never skipped.
   */
  readonly exclude: readonly string[] | undefined;
  /** Whether to fail with `incomplete-shards` if shards are missing or mixed. Default false. */
  readonly strictShards: boolean | undefined;
  /** Called for skipped files, incomplete sets of shards, and features that no record has. */
  readonly onNotice: ((notice: InputNotice) => void) | undefined;
}

/** The option names of {@link InputOptions}. */
export const INPUT_OPTION_NAMES: OptionNames<InputOptions> = {
  include: true,
  exclude: true,
  strictShards: true,
  onNotice: true,
};

/** How to expand inputs. Every field has a default. */
export interface ExpandOptions extends Partial<InputOptions> {
  /** Format of the files to include from folders. Default `auto`. */
  readonly format?: FormatName | 'auto' | undefined;
  /** How to read objects. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Applies `include` and `exclude` to names. */
export class NameFilter {
  readonly including: boolean;
  readonly #include: readonly NamePattern[];
  readonly #exclude: readonly NamePattern[];

  constructor({ include = [], exclude = [] }: ExpandOptions) {
    this.#include = patterns('include', include);
    this.#exclude = patterns('exclude', exclude);
    this.including = include.length > 0;
  }

  /**
   * Reports whether the patterns exclude a file.
   * @param path the path below the folder or prefix, with slashes
   */
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

/** Maximum number of names in a notice. */
const MAX_NAMES = 10;

const REASONS: Record<SkipReason, string> = {
  hidden: 'hidden',
  marker: 'markers without records',
  index: 'indexes and manifests',
  compression: 'unsupported compression; decompress these files first',
  'other-name': 'other formats, according to the file names',
  'other-contents': 'no records of this format',
  'not-inspected': 'unknown names, too many to inspect; include them explicitly',
  'special-file': 'not regular files; to read such files, list them explicitly',
  excluded: 'excluded',
  'not-included': 'not included',
  'unreadable-folder': 'folders that you have no permission to read',
};

/** Collects skipped files: for each kind, their number and a few names. */
export class Skipped {
  readonly #found = new Map<string, { uri: string; reason: SkipReason; count: number; names: string[] }>();
  readonly #details = new Map<string, string>();

  /** Adds a skipped file. @param detail a noun that describes the contents */
  add(uri: string, reason: SkipReason, name: string, detail?: string): void {
    trace(
      'input',
      () => `skipped ${name} in ${uri}: ${REASONS[reason]}${detail === undefined ? '' : ` (${detail})`}`,
    );
    const key = `${reason} ${uri}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = { uri, reason, count: 0, names: [] };
      this.#found.set(key, found);
    }
    found.count++;
    // A directory lists its files in arbitrary order. Keeping the smallest names makes the message
    // reproducible.
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

type Format = FormatName | 'auto';

/** The rules that select the inputs among the files of a folder, prefix or pattern. */
export interface Selection {
  readonly format: FormatName | 'auto';
  readonly filter: NameFilter;
  readonly skipped: Skipped;
  readonly signal: AbortSignal | undefined;
  /** Called with each `dataset_info.json`. */
  readonly onInfo: (path: string) => void;
}

/** Name of the file in which TensorFlow Datasets describes the files beside it. */
export const DATASET_INFO = 'dataset_info.json';

/** Hint about how to read files that a folder does not include. */
const OTHERWISE = 'to read files with other names, use a pattern such as DIR/*.bin';

/** Description of the files missing from a folder without inputs, for the error. */
export const SOUGHT: Readonly<Record<Format, string>> = {
  tfrecord: `TFRecord file in this folder (*.tfrecord, *.tfrecords, *.tfrec, *-00000-of-00012, …); ${OTHERWISE}`,
  recordio: `RecordIO file in this folder (*.rec, *.recordio, *-00000-of-00012, …); ${OTHERWISE}`,
  textline: `text file in this folder (*.txt, *.jsonl, *.csv, *-00000-of-00012, …); ${OTHERWISE}`,
  auto: `TFRecord or RecordIO file in this folder (*.tfrecord, *.rec, *-00000-of-00012, …); ${OTHERWISE}; text files need format: 'textline'`,
};

/**
 * Returns the reason for skipping a name, regardless of the contents of the file, or undefined if
 * it is not skipped.
 */
export function refusal(below: string, name: string, { filter }: Selection): SkipReason | undefined {
  if (filter.excludes(below)) return 'excluded';
  if (filter.including) return filter.includes(below) ? undefined : 'not-included';
  return name.startsWith('.') ? 'hidden' : undefined;
}

/**
 * Returns the reason for skipping a file that matches a pattern. Like `refusal`, but also skips
 * indexes: `train-*` means the data, not the indexes beside it. A pattern for indexes (`*.idx`)
 * includes them.
 */
export function refusalByPattern(
  pattern: string,
  below: string,
  name: string,
  selection: Selection,
): SkipReason | undefined {
  const { including } = selection.filter;
  const why = refusal(below, name, selection);
  // The pattern itself specifies which hidden files it matches.
  if (why !== undefined && (why !== 'hidden' || including)) return why;
  return !including && isIndexName(name) && !isIndexName(pattern) ? 'index' : undefined;
}

/** Returns what a name indicates about a file: records, nothing, or a reason to skip it. */
export function otherName(
  name: string,
  format: Format,
): 'records' | 'unknown' | { readonly reason: SkipReason; readonly detail?: string } {
  const kind = nameKind(name, format);
  if (kind === 'records') return kind;
  // Any file may be text, so only names identify lines of data.
  if (kind === 'unknown')
    return format !== 'textline' || /^part-/.test(name) ? kind : { reason: 'other-name' };
  if (kind === 'compressed') return { reason: 'compression', detail: unreadableCompression(name)! };
  return { reason: kind === 'other' ? 'other-name' : kind };
}

/**
 * Describes the contents of a file of a different format. Returns undefined for a file of the requested
 * format.
 */
export function otherContents(kind: ContentKind, format: Format): string | undefined {
  if (kind.format === undefined) return kind.is;
  if (format === 'auto' ? kind.format !== 'textline' : kind.format === format) return undefined;
  return { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'text' }[kind.format];
}
