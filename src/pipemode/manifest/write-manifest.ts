import { typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import { s3UriOf } from './list-manifest-objects.ts';
import { isRefName } from './manifest-line.ts';

/** Where text is written to: it appears under its name when it is whole. */
export interface TextTarget {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** How a manifest is written. */
export interface TextTargetOptions {
  /** Whether an existing file or object of this name is replaced. Default false: it is an `already-exists` error. */
  readonly overwrite: boolean;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Text is gathered up to this size. */
const GATHER_CHARACTERS = 64 * 1024;

/** Opens a file or an object for writing. @param target a path or an `s3://` address */
export async function openTextTarget(
  target: string,
  contentType: string,
  { overwrite = false, objects, signal }: Partial<TextTargetOptions>,
): Promise<TextTarget> {
  const output = await openOutput(target, { overwrite, contentType, objects, signal });
  let gathered = '';
  const flush = async (): Promise<void> => {
    const text = gathered;
    gathered = '';
    await output.sink.write(Buffer.from(text));
  };
  return {
    async write(text) {
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) await flush();
    },
    async close() {
      await flush();
      await output.sink.close();
      await output.file.name(output.path);
    },
    abort: () => discardOutput(output),
  };
}

/** How a manifest is written. Every field has a default; pass what differs. */
export interface WriteManifestOptions extends TextTargetOptions {
  /** What all addresses begin with. Default: the folder that they have in common. */
  readonly prefix: string | undefined;
}

/**
 * Writes a ManifestFile: a JSON array of `{"prefix": "s3://bucket/folder/"}` and what follows it in each address, in the given order, one per line. The file appears when it is whole.
 *
 * Source of the format: SageMaker's API_S3DataSource, "ManifestFile".
 *
 * @param target a path or an `s3://` address
 * @param uris `s3://bucket/key`, all of one bucket
 * @throws UsageError for addresses that no common prefix has, that are none, or for no address at all
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`, and as `openObjectWriter`
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
  const manifest = formatManifest(uris, options.prefix);
  const text = await openTextTarget(target, 'application/json', options);
  try {
    await text.write(manifest);
    await text.close();
  } catch (error) {
    await text.abort();
    throw error;
  }
}

/**
 * What {@link writeManifest} writes, as text.
 *
 * @param uris `s3://bucket/key`, all of one bucket
 * @param prefix what all of them begin with; default: the folder that they have in common
 * @throws UsageError for addresses that no common prefix has, that are none, or for no address at all
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

/** @throws UsageError for what is not an array of texts */
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

/** The longest folder in which all objects are. */
function commonFolder(uris: readonly string[]): string {
  const [first] = uris;
  if (first === undefined)
    throw new UsageError('uris: expected at least one address; SageMaker takes no empty manifest');
  let length = first.lastIndexOf('/') + 1;
  for (const uri of uris) {
    while (length > 0 && !(uri.length > length && uri.startsWith(first.slice(0, length))))
      length = first.lastIndexOf('/', length - 2) + 1;
  }
  const folder = first.slice(0, length);
  if (/^s3:\/\/[^/]+\//.test(folder)) return folder;
  throw new UsageError(
    'uris: expected addresses s3://bucket/key of one bucket, as a manifest has one prefix',
  );
}

/** A line of an augmented manifest: attributes by name, any JSON; the values of `-ref` attributes are addresses of objects. */
export type ManifestRow = Readonly<Record<string, unknown>>;

/**
 * Writes an AugmentedManifestFile: one JSON object per line (JSON Lines), attributes in the order in which each row has them. The file appears when it is whole.
 *
 * Source of the format: SageMaker's developer guide, "Augmented manifest files".
 *
 * @param target a path or an `s3://` address
 * @returns how many lines were written
 * @throws UsageError for a `-ref` that is no `s3://` address; UsageError for what JSON cannot hold
 * @throws RecordpipeError as `writeManifest`
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
  const text = await openTextTarget(target, 'application/jsonlines', options);
  let lines = 0;
  try {
    for await (const row of rows) {
      await text.write(lineOf(row, lines++));
    }
    await text.close();
  } catch (error) {
    await text.abort();
    throw error;
  }
  return lines;
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
