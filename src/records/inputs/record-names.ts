import { inflatedHead } from '../../bytes/inflate/inflated-head.ts';
import { describeForeignFile, firstNonText, looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import { splitCompressedName } from '../../formats/codec-options.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { CERTAIN_BYTES, certainFormat, formats } from '../../formats/registry.ts';

/** Number of bytes that suffices to recognize the contents of a file. */
export const HEAD_BYTES = 4096;

/**
 * The contents of a file: a format of records, or something else, described by a noun with its
 * article.
 */
export type ContentKind =
  | { readonly format: FormatName }
  | { readonly format: undefined; readonly is: string };

/**
 * Recognizes a file from its first bytes, even if it is compressed. Only unambiguous signs count as
 * records. A file that begins like a TFRecord file but is too short for a header counts as a
 * truncated TFRecord file.
 *
 * @param head the first bytes, up to {@link HEAD_BYTES}
 */
export async function contentKind(head: Uint8Array): Promise<ContentKind> {
  if (head.length === 0) return { format: undefined, is: 'an empty file' };
  const certain = certainFormat(head);
  if (certain !== undefined) return { format: certain };
  const compression = looksLikeGzip(head) ? 'gzip' : looksLikeZlib(head) ? 'zlib' : undefined;
  if (compression !== undefined) {
    const { bytes: inside } = await inflatedHead(head, compression, CERTAIN_BYTES);
    const format = certainFormat(inside) ?? truncatedFormat(inside);
    if (format !== undefined) return { format };
    if (compression === 'gzip')
      return { format: undefined, is: `a gzip stream of ${inside.length > 0 ? 'other data' : 'no bytes'}` };
  }
  if (firstNonText(head) < 0) {
    const other = describeForeignFile(head);
    return other === undefined || other === 'a text file'
      ? { format: 'textline' }
      : { format: undefined, is: other };
  }
  const truncated = truncatedFormat(head);
  if (truncated !== undefined) return { format: truncated };
  return { format: undefined, is: describeForeignFile(head) ?? 'neither TFRecord nor RecordIO' };
}

/** Returns the format of a file that ends within its first header. */
function truncatedFormat(head: Uint8Array): FormatName | undefined {
  return formats().find(({ detect }) => detect(head).certainty === 'truncated')?.name as
    | FormatName
    | undefined;
}

/** Extensions of files without records: other data formats, and files that accompany data. */
const OTHERS = new Set(
  (
    'array_record|arrayrecord|riegeli|sstable|json|parquet|orc|avro|arrow|feather|npz|npy|' +
    'pkl|pickle|h5|hdf5|pt|pth|ckpt|pb|pbtxt|safetensors|onnx|tar|tgz|zip|7z|rar|md|rst|html|htm|' +
    'xml|yaml|yml|toml|ini|cfg|conf|log|lst|py|js|mjs|cjs|ts|sh|ipynb|c|h|cc|cpp|go|rs|java|proto|' +
    'pdf|png|jpg|jpeg|gif|webp|bmp|tif|tiff|wav|mp3|mp4|flac|svg|crc|md5|sha1|sha256|sig|lock|tmp|' +
    'swp|bak|pid'
  ).split('|'),
);
/** Names of unsupported whole-file compressions, by extension. */
const UNREADABLE: Readonly<Record<string, string>> = {
  zst: 'zstd',
  zstd: 'zstd',
  snappy: 'snappy',
  sz: 'snappy',
  bz2: 'bzip2',
  xz: 'xz',
  lz4: 'lz4',
  lzo: 'lzo',
  br: 'brotli',
};
/**
 * Pattern of the number of a shard: `train-00000-of-00012`, with or without an extension before it.
 */
const SHARD = /-\d+-of-\d+$/;
/** Pattern of indexes beside data: `FILE.rpidx` and `FILE.idx`. */
const INDEX = /\.(rpidx|idx)$/i;

/** Reports whether a name is that of an index beside data: `*.rpidx`, `*.idx`. */
export function isIndexName(name: string): boolean {
  return INDEX.test(name);
}

const MANIFEST = /\.manifest$/i;
/** Pattern of files that Hadoop, Spark and Databricks write beside data. */
const MARKER =
  /^_(SUCCESS|FAILURE|started(_.*)?|committed(_.*)?|temporary|metadata|common_metadata|delta_log)$/;

type Format = FormatName | 'auto';

/** What the name of a file indicates about its contents. */
export type NameKind =
  /** The file contains records of a requested format. */
  | 'records'
  /** The file is hidden: its name begins with a dot. */
  | 'hidden'
  /** The file is a marker such as `_SUCCESS`. */
  | 'marker'
  /** The file is an index beside data. */
  | 'index'
  /** The compression is one that recordpipe does not read. */
  | 'compressed'
  /** The file is of a different kind, or of a format that was not requested. */
  | 'other'
  /** The name indicates nothing, so the contents must be inspected. */
  | 'unknown';

/**
 * Returns the formats to find in folders. `auto` excludes text, because a data folder may contain
 * unrelated text files.
 */
export function formatsInFolders(format: Format): readonly FormatName[] {
  return format === 'auto'
    ? formats()
        .filter(({ foundByDefault }) => foundByDefault)
        .map(({ name }) => name as FormatName)
    : [format];
}

/**
 * Returns what the name of a file in a folder indicates about its contents. Records of a format
 * have these names, each also with `.gz`, `.gzip`, `.zlib` or `.zz` at the end:
 *
 * - TFRecord: `*.tfrecord`, `*.tfrecords`, `*.tfrec`, `*.tfr`, `*.record`, `*.records`, and
 *   TensorBoard's `*.tfevents` and `*tfevents.*`;
 * - RecordIO: `*.rec`, `*.recordio`, `*.rio`;
 * - text, unless `auto`: `*.txt`, `*.text`, `*.jsonl`, `*.ndjson`, `*.csv`, `*.tsv`, `*.manifest`;
 * - shards of these files, `*-00000-of-00012`, also without an extension.
 */
export function nameKind(name: string, format: Format = 'auto'): NameKind {
  if (name.startsWith('.')) return 'hidden';
  if (MARKER.test(name)) return 'marker';
  const { plain } = splitCompressedName(name);
  const stem = plain.replace(SHARD, '');
  if (INDEX.test(stem)) return 'index';
  const extension = extensionOf(stem);
  const named = formats().filter(
    ({ extensions, otherNames }) => extensions.includes(extension) || otherNames?.test(name),
  );
  if (named.some((one) => formatsInFolders(format).includes(one.name as FormatName))) return 'records';
  if (named.some(({ otherNames }) => otherNames?.test(name))) return 'other';
  if (unreadableCompression(name) !== undefined) return 'compressed';
  if (OTHERS.has(extension) || named.length > 0) return 'other';
  // TensorFlow's checkpoints are named model.ckpt.data-00000-of-00001.
  return stem === plain || extension === 'data' ? 'unknown' : 'records';
}

/**
 * Reports whether the name of a file in a folder is that of records of `format`; see {@link
 * nameKind}.
 */
export function isRecordName(name: string, format: Format = 'auto'): boolean {
  return nameKind(name, format) === 'records';
}

/**
 * Reports whether a file accompanies data but is not data itself. Such files are hidden files and
 * those in hidden folders, markers such as `_SUCCESS`, indexes (`*.rpidx`, `*.idx`) and manifests.
 * A training program that reads whole prefixes, as in Pipe mode, must not receive them.
 *
 * @param path the path below the folder or prefix
 */
export function isSidecar(path: string): boolean {
  if (INDEX.test(path) || MANIFEST.test(path)) return true;
  return path.split('/').some((name) => name.startsWith('.') || MARKER.test(name));
}

/**
 * Returns the compression that a name indicates if recordpipe does not read it: `zstd`, `snappy`,
 * `bzip2`, …
 */
export function unreadableCompression(name: string): string | undefined {
  const extension = extensionOf(name);
  return Object.hasOwn(UNREADABLE, extension) ? UNREADABLE[extension] : undefined;
}

function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? '';
}
