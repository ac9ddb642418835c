import { typeName } from '../bytes/type-name.ts';
import { UsageError } from '../errors.ts';
import { openTextTarget, type TextTargetOptions } from './text-target.ts';

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
 * import { writeManifest } from 'recordpipe/manifest';
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
 * import { formatManifest } from 'recordpipe/manifest';
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
