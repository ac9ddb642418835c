import type { FormatName } from '../../formats/registry.ts';
import type { NameFilter, Skipped, SkipReason } from './input-options.ts';
import type { ContentKind } from './record-names.ts';
import { isIndexName, nameKind, unreadableCompression } from './record-names.ts';

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
