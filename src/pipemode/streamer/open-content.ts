import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RecordpipeError } from '../../errors.ts';
import { isSidecar } from '../../records/inputs/record-names.ts';
import { ShardSets } from '../../records/inputs/shard-sets.ts';
import { fileVersion } from '../../storage/local/list-files.ts';
import { objectOptions } from '../../storage/object-options.ts';
import { openObject } from '../../storage/read-objects.ts';
import { isRemote, storageOf } from '../../storage/registry.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import type { StreamChannel } from '../job/stream-channel.ts';
import {
  type ChannelContent,
  type ContentDigests,
  type ContentOpening,
  countOfShare,
  digestText,
  type EpochItem,
  epochOrder,
  type HostShare,
  type OrderOptions,
} from './channel-content.ts';

/** Maximum number of names listed in a notice. */
const MAX_NAMES = 5;
/** Maximum size of a manifest. Valid lists of keys are smaller. */
const MAX_MANIFEST_BYTES = 2 ** 29;

/**
 * Lists the content of a channel.
 * @throws RecordpipeError `object-missing` if the channel is empty; `access-denied`,
 *   `malformed-manifest`, `incomplete-shards`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function openContent(channel: StreamChannel, opening: ContentOpening): Promise<ChannelContent> {
  const content = await contentOf(channel, opening);
  if (content.count > 0 && content.countHere === 0) {
    const { rank, hosts } = opening.share as HostShare;
    const what = `host ${rank + 1} of ${hosts} receives no data, because the channel has fewer objects or lines (${content.count}) than hosts`;
    opening.warn('empty-share', what);
  }
  return content;
}

async function contentOf(channel: StreamChannel, opening: ContentOpening): Promise<ChannelContent> {
  const order = { seed: channel.shuffleSeed, share: opening.share };
  if (channel.dataType === 'S3Prefix') return new ObjectList(await objectsUnder(channel, opening), order);
  if (channel.dataType === 'ManifestFile')
    return new ObjectList(await objectsOfManifest(channel.uri, opening), order);
  const { AugmentedLines } = await import('./augmented-lines.ts');
  return AugmentedLines.open(channel, order, opening);
}

/** Objects in order, and the common prefix of their addresses. */
interface ListedObjects {
  readonly prefix: string;
  readonly objects: readonly ObjectRef[];
}

/** The objects of a channel in listing order. */
class ObjectList implements ChannelContent {
  readonly valueless = true;
  readonly files: boolean;
  readonly count: number;
  readonly countHere: number;
  readonly prefix: string;
  readonly #objects: readonly ObjectRef[];
  readonly #order: OrderOptions;

  constructor({ prefix, objects }: ListedObjects, order: OrderOptions) {
    this.prefix = prefix;
    this.#objects = objects;
    this.#order = order;
    this.files = !objects.some(({ uri }) => isRemote(uri));
    this.count = objects.length;
    this.countHere = countOfShare(this.count, order.share);
  }

  bytesOf(epoch: number): number | undefined {
    let bytes = 0;
    for (const i of epochOrder(this.count, epoch, this.#order)) {
      const { size } = this.#objects[i];
      if (size === undefined) return undefined;
      bytes += size;
    }
    return bytes;
  }

  async *items(epoch: number, from = 0): AsyncGenerator<EpochItem, void, undefined> {
    const order = epochOrder(this.count, epoch, this.#order);
    for (let place = from; place < order.length; place++)
      yield { object: this.#objects[order[place]], place };
  }

  digests(): ContentDigests {
    const names = createHash('sha256');
    const versions = createHash('sha256');
    let known = true;
    // Names, unlike addresses, do not depend on where the data is.
    const start = this.prefix.lastIndexOf('/') + 1;
    for (const { uri, size, etag } of this.#objects) {
      names.update(`${uri.slice(start)}\n`);
      known &&= size !== undefined;
      versions.update(`${size} ${isRemote(uri) ? etag : fileVersion(etag)}\n`);
    }
    return { names: digestText(names), versions: known ? digestText(versions) : undefined };
  }

  async close(): Promise<void> {}
}

/**
 * Lists all objects whose address starts with a prefix, except folder markers and files without
 * records.
 */
async function objectsUnder(channel: StreamChannel, opening: ContentOpening): Promise<ListedObjects> {
  const { objects, signal, warn, onExtra } = opening;
  const uri = isRemote(channel.uri) ? channel.uri : folderAsPrefix(channel.uri);
  const source = await storageOf(uri, objectOptions(objects));
  const found: ObjectRef[] = [];
  const sidecars: string[] = [];
  const folder = uri.endsWith('/') ? uri : `${uri}/`;
  const start = uri.lastIndexOf('/') + 1;
  let siblings = 0;
  for await (const { uri: address, size, etag, versionId } of source.list(uri, signal)) {
    const object = { uri: address, size, etag, versionId };
    if (size === 0 && address.endsWith('/')) {
      onExtra?.(object);
      continue;
    }
    if (address !== uri && isSidecar(address.slice(start))) {
      sidecars.push(address.slice(start));
      onExtra?.(object);
      continue;
    }
    if (address !== uri && !address.startsWith(folder)) siblings++;
    found.push(object);
  }
  if (siblings > 0 && siblings < found.length) {
    const what = `${uri} is a prefix, not a folder: ${siblings} of ${found.length} objects are outside ${folder}; end the address with / to exclude these objects`;
    warn('prefix-siblings', what);
  }
  if (sidecars.length > 0 && onExtra === undefined) warn('sidecars', sidecarNotice(uri, sidecars));
  if (found.length === 0 && (sidecars.length === 0 || onExtra === undefined))
    throw nothingFound(channel, uri, sidecars.length > 0);
  checkShards(found, uri, opening);
  return { prefix: uri, objects: found };
}

/**
 * Checks for missing shards. A training program would treat the existing shards as the whole data
 * set.
 */
function checkShards(found: readonly ObjectRef[], uri: string, opening: ContentOpening): void {
  const sets = new ShardSets();
  for (const { uri: path } of found) sets.add({ path });
  const notices = sets.notices();
  for (const { code, message } of notices) opening.warn(code, message);
  if (opening.strictShards && notices.length > 0)
    throw new RecordpipeError('incomplete-shards', notices[0].message, { uri });
}

function sidecarNotice(uri: string, sidecars: readonly string[]): string {
  const shown = sidecars.slice(0, MAX_NAMES).join(', ');
  const more = sidecars.length > MAX_NAMES ? ` and ${sidecars.length - MAX_NAMES} more` : '';
  const files = sidecars.length === 1 ? '1 file is' : `${sidecars.length} files are`;
  return `${files} not streamed: ${shown}${more} (indexes, manifests, markers and hidden files have no records); SageMaker streams them as data, so keep them out of ${uri}`;
}

function nothingFound(channel: StreamChannel, uri: string, onlySidecars: boolean): RecordpipeError {
  const except = onlySidecars ? ', except for files without records' : '';
  const what = isRemote(channel.uri)
    ? `no objects under this prefix${except}; check the prefix and the region`
    : `no files under this path${except}; check that the channel's path exists and contains files`;
  return new RecordpipeError('object-missing', what, { uri });
}

/**
 * Appends a slash to the address of a local folder, so that it does not match other names that
 * start with the folder's name.
 */
function folderAsPrefix(uri: string): string {
  const path = uri.startsWith('file://') ? fileURLToPath(uri) : uri;
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder && !uri.endsWith('/') ? `${uri}/` : uri;
}

/** Lists the objects of a ManifestFile in order, including duplicates. */
async function objectsOfManifest(
  uri: string,
  { objects, signal, warn }: ContentOpening,
): Promise<ListedObjects> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of openObject(uri, { ...objects, signal }).chunks) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= MAX_MANIFEST_BYTES) continue;
    const what = `longer than ${MAX_MANIFEST_BYTES} bytes; check that the file is a manifest`;
    throw new RecordpipeError('malformed-manifest', what, { uri });
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const { LinePositions, visitManifestList } = await import('../manifest/manifest-list.ts');
  const { malformedManifest } = await import('../manifest/manifest-lines.ts');
  const listed: ObjectRef[] = [];
  let prefix = '';
  const visitor: Parameters<typeof visitManifestList>[1] = {
    prefix: (given) => {
      prefix = given;
    },
    object: (address) => void listed.push({ uri: address }),
    problem(severity, code, at, message) {
      if (code === 'byte-order-mark') warn(code, message);
      if (severity === 'warning' || code === 'empty-manifest') return;
      const next = /^\s*\{/.test(text) ? '; for JSON Lines, use AugmentedManifestFile' : '';
      const found = new LinePositions(text).find(at);
      throw malformedManifest(`${message}${next}`, found.text, found.at, { uri, line: found.line });
    },
  };
  visitManifestList(text, visitor, 'any');
  return { prefix, objects: listed };
}
