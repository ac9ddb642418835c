import { checkOptionNames, type OptionNames, typeName } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import {
  INPUT_OPTION_NAMES,
  type InputOptions,
  NameFilter,
  Skipped,
} from '../../records/inputs/input-options.ts';
import { isSidecar } from '../../records/inputs/record-names.ts';
import { ShardSets } from '../../records/inputs/shard-sets.ts';
import { type ListWarning, listObjects } from '../../storage/list-objects.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import { isRefName, s3UriOf } from './manifest-lines.ts';

/** Options for writing a text file. Every field has a default. */
export interface TextTargetOptions {
  /**
   * Whether to replace an existing file or object. If false, which is the default, an existing
   * target causes an `already-exists` error.
   */
  readonly overwrite: boolean;
  /** Options for accessing objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal: AbortSignal | undefined;
}

/** Options for {@link writeManifest}. Every field has a default. */
export interface WriteManifestOptions extends TextTargetOptions {
  /** The common prefix of all addresses. By default, their common folder. */
  readonly prefix: string | undefined;
}

/**
 * A line of an augmented manifest: attribute values by name. Values of `-ref` attributes are
 * addresses.
 */
export type ManifestRow = Readonly<Record<string, unknown>>;

const TARGET_OPTIONS = { overwrite: false, objects: undefined, signal: undefined };
/** Number of characters per write. */
const BLOCK_CHARACTERS = 64 * 1024;

/**
 * Writes a ManifestFile: a JSON array that contains `{"prefix": "s3://bucket/folder/"}` and the
 * suffix of each address, in the given order, one per line. The file appears only once it is
 * complete.
 *
 * The format is defined in SageMaker's API_S3DataSource, "ManifestFile".
 *
 * @param target a path or an `s3://` address
 * @param uris addresses of the form `s3://bucket/key`, all in one bucket
 * @throws UsageError for addresses without a common prefix, or for an empty list
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`, and the
 * errors of `openObjectWriter`
 * @example
 * ```ts
 * import { writeManifest } from 'recordpipe/pipemode/manifest';
 * import { readFileSync } from 'node:fs';
 * await writeManifest('train.manifest', ['s3://bucket/train/a.tfrecord', 's3://bucket/train/b.tfrecord']);
 * console.log(JSON.parse(readFileSync('train.manifest', 'utf8')).length); // 3
 * ```
 */
export async function writeManifest(
  target: string,
  uris: readonly string[],
  options: Partial<WriteManifestOptions> = {},
): Promise<void> {
  checkOptionNames('writeManifest', options, { ...TARGET_OPTIONS, prefix: undefined });
  const text = formatManifest(uris, options.prefix);
  await writeText(target, 'application/json', [text], options);
}

/**
 * Returns the text that {@link writeManifest} writes.
 *
 * @param uris addresses of the form `s3://bucket/key`, all in one bucket
 * @param prefix the common prefix of all addresses; by default, their common folder
 * @throws UsageError for addresses without a common prefix, or for an empty list
 * @example
 * ```ts
 * import { formatManifest } from 'recordpipe/pipemode/manifest';
 * console.log(JSON.parse(formatManifest(['s3://bucket/train/a.tfrecord']))[1]); // a.tfrecord
 * ```
 */
export function formatManifest(uris: readonly string[], prefix?: string): string {
  checkUris('uris', uris);
  const folder = prefix ?? commonFolder(uris);
  const suffixes = uris.map((uri) => `,\n${JSON.stringify(suffixOf(uri, folder))}`);
  return `[\n${JSON.stringify({ prefix: folder })}${suffixes.join('')}\n]\n`;
}

/**
 * Writes an AugmentedManifestFile: one JSON object per line (JSON Lines), with the attributes in
 * row order. The file appears only once it is complete.
 *
 * The format is defined in SageMaker's developer guide, "Augmented manifest files".
 *
 * @param target a path or an `s3://` address
 * @returns the number of lines
 * @throws UsageError for a `-ref` that is not an `s3://` address, and for values that JSON cannot
 * represent
 * @throws RecordpipeError the same errors as `writeManifest`
 * @example
 * ```ts
 * import { writeAugmentedManifest } from 'recordpipe/pipemode/manifest';
 * const rows = [{ 'image-ref': 's3://bucket/cat.jpg', class: 0 }, { 'image-ref': 's3://bucket/dog.jpg', class: 1 }];
 * console.log(await writeAugmentedManifest('pets.manifest', rows)); // 2
 * ```
 */
export async function writeAugmentedManifest(
  target: string,
  rows: Iterable<ManifestRow> | AsyncIterable<ManifestRow>,
  options: Partial<TextTargetOptions> = {},
): Promise<number> {
  checkOptionNames('writeAugmentedManifest', options, TARGET_OPTIONS);
  let lines = 0;
  async function* text(): AsyncGenerator<string> {
    for await (const row of rows) yield lineOf(row, lines++);
  }
  await writeText(target, 'application/jsonlines', text(), options);
  return lines;
}

/** Checks that `uris` is an array of strings. @throws UsageError if it is not */
export function checkUris(argument: string, uris: unknown): void {
  if (!Array.isArray(uris))
    throw new UsageError(`${argument}: expected an array of addresses, got ${typeName(uris)}`);
  const wrong = uris.findIndex((uri) => typeof uri !== 'string');
  if (wrong >= 0)
    throw new UsageError(`${argument}[${wrong}]: expected an address, got ${typeName(uris[wrong])}`);
}

function suffixOf(uri: string, prefix: string): string {
  if (uri.length > prefix.length && uri.startsWith(prefix)) return uri.slice(prefix.length);
  throw new UsageError(`uris: expected addresses of objects below ${prefix}, got ${uri}`);
}

/** Returns the longest folder that contains all objects. */
function commonFolder(uris: readonly string[]): string {
  const [first] = uris;
  if (first === undefined)
    throw new UsageError('uris: expected at least one address; SageMaker rejects an empty manifest');
  let length = first.lastIndexOf('/') + 1;
  for (const uri of uris) {
    while (length > 0 && !(uri.length > length && uri.startsWith(first.slice(0, length))))
      length = first.lastIndexOf('/', length - 2) + 1;
  }
  const folder = first.slice(0, length);
  if (/^s3:\/\/[^/]+\//.test(folder)) return folder;
  throw new UsageError(
    'uris: expected addresses s3://bucket/key in one bucket, because a manifest has one prefix',
  );
}

function lineOf(row: ManifestRow, index: number): string {
  for (const [name, value] of Object.entries(row)) {
    if (isRefName(name) && (typeof value !== 'string' || s3UriOf(value) === undefined))
      throw new UsageError(
        `rows: expected s3://bucket/key as ${JSON.stringify(name)} of row ${index}, got ${JSON.stringify(value)}`,
      );
  }
  return `${JSON.stringify(row)}\n`;
}

async function writeText(
  path: string,
  contentType: string,
  texts: Iterable<string> | AsyncIterable<string>,
  { overwrite = false, objects, signal }: Partial<TextTargetOptions>,
): Promise<void> {
  const output = await openOutput(path, { overwrite, contentType, objects, signal });
  const { sink, file } = output;
  try {
    let block = '';
    for await (const text of texts) {
      block += text;
      if (block.length < BLOCK_CHARACTERS) continue;
      await sink.write(Buffer.from(block));
      block = '';
    }
    await sink.write(Buffer.from(block));
    await sink.close();
    await file.name(output.path);
  } catch (error) {
    await discardOutput(output);
    throw error;
  }
}

/** Options for {@link listManifestObjects}. Every field has a default. */
export interface ManifestListOptions extends InputOptions {
  /** Options for accessing objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal: AbortSignal | undefined;
  /** Called for each warning about the listing. */
  readonly onWarning: ((warning: ListWarning) => void) | undefined;
}

const OPTION_NAMES: OptionNames<ManifestListOptions> = {
  ...INPUT_OPTION_NAMES,
  objects: true,
  signal: true,
  onWarning: true,
};

/**
 * Returns the addresses of the objects for a manifest, in listing order and without duplicates.
 * Skips files that contain no records, because a training program would read them as data: hidden
 * files, markers such as `_SUCCESS`, indexes (`*.rpidx`, `*.idx`) and manifests. Such a file is
 * included only if an address names it.
 *
 * @param addresses `s3://bucket/key`, `s3://bucket/prefix/` or patterns, as with `listObjects`
 * @throws RecordpipeError the same errors as `listObjects`; `not-found` if everything is skipped;
 * `incomplete-shards` with `strictShards`
 * @example
 * ```ts
 * import { listManifestObjects, writeManifest } from 'recordpipe/pipemode/manifest';
 * async function publish(): Promise<void> {
 *   await writeManifest('train.manifest', await listManifestObjects(['s3://bucket/train/']));
 * }
 * console.log(publish.name); // publish
 * ```
 */
export async function listManifestObjects(
  addresses: readonly string[],
  options: Partial<ManifestListOptions> = {},
): Promise<string[]> {
  checkUris('addresses', addresses);
  checkOptionNames('listManifestObjects', options, OPTION_NAMES);
  const { objects, signal, onWarning, onNotice, strictShards } = options;
  const filter = new NameFilter(options);
  const skipped = new Skipped();
  const sets = new ShardSets();
  const uris = new Set<string>();
  for (const address of addresses) {
    const folder = address.replace(/[*?[{\\].*$/s, '').replace(/[^/]*$/, '');
    for await (const { uri } of listObjects(address, { ...objects, signal, onWarning })) {
      const below = uri.slice(folder.length);
      const alone = uri === address;
      const why = alone ? undefined : reasonToSkip(below, filter);
      if (why !== undefined) skipped.add(address, why, below);
      else {
        uris.add(uri);
        sets.add({ path: uri, alone });
      }
    }
  }
  const shards = sets.notices();
  const notices = [...skipped.notices(), ...shards];
  for (const notice of notices) onNotice?.(notice);
  if (strictShards && shards.length > 0) throw new RecordpipeError('incomplete-shards', shards[0].message);
  if (uris.size > 0) return [...uris];
  throw new RecordpipeError('not-found', notices.map(({ message }) => message).join('; '), {
    uri: addresses[0],
  });
}

function reasonToSkip(
  below: string,
  filter: NameFilter,
): 'excluded' | 'not-included' | 'hidden' | 'marker' | 'index' | undefined {
  if (filter.excludes(below)) return 'excluded';
  if (filter.including) return filter.includes(below) ? undefined : 'not-included';
  if (!isSidecar(below)) return undefined;
  if (below.split('/').some((name) => name.startsWith('.'))) return 'hidden';
  return /\.(rpidx|idx|manifest)$/i.test(below) ? 'index' : 'marker';
}
