import type { FormatName } from '../records/record-format.ts';

/** Extensions by which the files of a format are known. */
const EXTENSIONS: Record<FormatName, readonly string[]> = {
  tfrecord: ['tfrecord', 'tfrecords', 'tfrec', 'tfr'],
  recordio: ['rec', 'recordio', 'rio'],
  textline: ['txt', 'text', 'jsonl', 'ndjson', 'csv', 'tsv', 'manifest'],
};
/** Those of other formats that come in shards: checkpoints, ArrayRecord and the like. */
const OTHERS = 'data|array_record|arrayrecord|riegeli|sstable|json|parquet|npz|npy|tar|zip|idx|rpidx'.split(
  '|',
);
/** Files that are compressed as a whole. */
const COMPRESSED = /\.(gz|gzip|zlib|zz)$/i;
/** `train-00000-of-00012`, with or without an extension before, as TensorFlow's tools name shards. */
const SHARD = /-\d+-of-\d+$/;
/** TensorBoard's logs are TFRecord files. */
const EVENTS = /(^|\.)tfevents\./;

/** The files of one format, or of any. */
type Format = FormatName | 'auto';

/** What is looked for in folders: of `auto` the formats that hold nothing but records, as any text may lie beside them. */
export function formatsInFolders(format: Format): readonly FormatName[] {
  return format === 'auto' ? ['tfrecord', 'recordio'] : [format];
}

/**
 * Whether a file found in a folder is taken for one with records of `format`, by its name:
 *
 * - TFRecord: `*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, and TensorBoard's `*tfevents.*`;
 * - RecordIO: `*.rec`, `*.recordio`, `*.rio`;
 * - text, unless `auto`: `*.txt`, `*.text`, `*.jsonl`, `*.ndjson`, `*.csv`, `*.tsv`, `*.manifest`;
 * - shards of them (`*-00000-of-00012`), also without an extension;
 *
 * each also with `.gz`, `.gzip`, `.zlib` or `.zz` behind it. Hidden files are not. A file that is named explicitly is taken whatever its name.
 */
export function isRecordName(name: string, format: Format = 'auto'): boolean {
  if (name.startsWith('.')) return false;
  const formats = formatsInFolders(format);
  const plain = name.replace(COMPRESSED, '');
  const stem = plain.replace(SHARD, '');
  const extension = /\.([^.]+)$/.exec(stem)?.[1].toLowerCase() ?? '';
  if (formats.some((one) => EXTENSIONS[one].includes(extension))) return true;
  if (formats.includes('tfrecord') && EVENTS.test(name)) return true;
  const known = [...OTHERS, ...Object.values(EXTENSIONS).flat()];
  return stem !== plain && !known.includes(extension);
}

/** Whether `input` holds characters that a glob pattern gives a meaning to. */
export function isGlob(input: string): boolean {
  return /[*?]|\[.+\]|\{.+\}|[!+@]\(.+\)/.test(input);
}
