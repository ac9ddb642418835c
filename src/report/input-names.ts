/** `.tfrecord`, `.tfrecords`, `.tfrec`, `.tfr`, and those compressed as a whole. */
const EXTENSION = /\.(tfrecords?|tfrec|tfr)(\.(gz|gzip|zlib|zz))?$/i;
/** `train-00000-of-00012`, with or without an extension of the above before or behind it, as TensorFlow's tools name shards. */
const SHARD = /-\d+-of-\d+(\.(gz|gzip|zlib|zz))?$/;
/** TensorBoard's logs are TFRecord files. */
const EVENTS = /(^|\.)tfevents\./;
/** Shards of other formats: checkpoints, ArrayRecord and the like. */
const OTHER_SHARDS =
  /\.(data|array_?record|riegeli|recordio|rio|sstable|csv|tsv|txt|jsonl?|parquet|npz|npy|tar|zip)-\d+-of-\d+/i;

/**
 * Whether a file found in a folder is taken for a TFRecord file, by its name: `*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, shards
 * (`*-00000-of-00012`), each also with `.gz`, `.gzip`, `.zlib` or `.zz` behind it, and TensorBoard's `*tfevents.*`. Hidden files are not. A
 * file that is named explicitly is taken whatever its name.
 */
export function isTFRecordName(name: string): boolean {
  if (name.startsWith('.')) return false;
  return EXTENSION.test(name) || EVENTS.test(name) || (SHARD.test(name) && !OTHER_SHARDS.test(name));
}

/** Whether `input` holds characters that a glob pattern gives a meaning to. */
export function isGlob(input: string): boolean {
  return /[*?]|\[.+\]|\{.+\}|[!+@]\(.+\)/.test(input);
}
