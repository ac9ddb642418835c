import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RecordpipeError } from '../../../errors.ts';
import { isSidecar } from '../../../records/inputs/record-names.ts';
import { ShardSets } from '../../../records/inputs/shard-sets.ts';
import { type ObjectOptions, objectOptions } from '../../../storage/object-options.ts';
import type { ObjectRef } from '../../../storage/storage.ts';
import { isRemote, type StreamChannel } from '../stream-channel.ts';
import type { ChannelContent } from './channel-content.ts';
import type { HostShare } from './object-list.ts';
import { ObjectList } from './object-list.ts';

/** How many names a notice lists. */
const MAX_NAMED = 5;

/** What finding out the content of a channel needs. */
export interface ContentOpening {
  readonly share: HostShare | undefined;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly onBadLine: 'error' | 'skip';
  readonly maxLineBytes: number;
  readonly signal: AbortSignal;
  /** Told of what is odd. */
  readonly warn: (code: string, message: string) => void;
}

/**
 * Finds out what a channel holds.
 * @throws RecordpipeError `object-missing` where that is nothing; `access-denied`, `malformed-manifest`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function openContent(channel: StreamChannel, opening: ContentOpening): Promise<ChannelContent> {
  const content = await contentOf(channel, opening);
  if (content.count > 0 && content.countOf() === 0) {
    const { rank, hosts } = opening.share as HostShare;
    opening.warn(
      'empty-share',
      `host ${rank} of ${hosts} gets nothing: there are only ${content.count} objects`,
    );
  }
  return content;
}

async function contentOf(channel: StreamChannel, opening: ContentOpening): Promise<ChannelContent> {
  const order = { seed: channel.shuffleSeed, share: opening.share };
  switch (channel.dataType) {
    case 'S3Prefix': {
      const found = await objectsUnder(channel, opening);
      warnOfShards(found, opening);
      return new ObjectList(found, order);
    }
    case 'ManifestFile': {
      const { manifestObjects } = await import('./manifest-objects.ts');
      return new ObjectList(await manifestObjects(channel.uri, opening), order);
    }
    case 'AugmentedManifestFile': {
      const { AugmentedLines } = await import('./augmented-lines.ts');
      return AugmentedLines.open(channel, order, opening);
    }
  }
}

/** A training program would take what is there for all of it. */
function warnOfShards(found: readonly ObjectRef[], { warn }: ContentOpening): void {
  const sets = new ShardSets();
  for (const { uri } of found) sets.add({ path: uri });
  for (const { code, message } of sets.notices()) warn(code, message);
}

/** All objects below a prefix but the markers that some tools create for folders, and files that hold no records. */
async function objectsUnder(
  channel: StreamChannel,
  { objects, signal, warn }: ContentOpening,
): Promise<ObjectRef[]> {
  const uri = isRemote(channel) ? channel.uri : folderAsPrefix(channel.uri);
  const { storageOf } = await import('../../../storage/registry.ts');
  const source = await storageOf(uri, objectOptions(objects));
  const found: ObjectRef[] = [];
  const sidecars: string[] = [];
  const asFolder = uri.endsWith('/') ? uri : `${uri}/`;
  const start = uri.lastIndexOf('/') + 1;
  let siblings = 0;
  for await (const { uri: address, size, etag, versionId } of source.list(uri, signal)) {
    if (size === 0 && address.endsWith('/')) continue;
    if (address !== uri && isSidecar(address.slice(start))) {
      sidecars.push(address.slice(start));
      continue;
    }
    if (address !== uri && !address.startsWith(asFolder)) siblings++;
    found.push({ uri: address, size, etag, versionId });
  }
  if (siblings > 0 && siblings < found.length) {
    const text = `${uri} is a prefix, not a folder: ${siblings} of ${found.length} objects are outside ${asFolder}; end it with / to leave them out`;
    warn('prefix-siblings', text);
  }
  if (sidecars.length > 0) warn('sidecars', sidecarNotice(uri, sidecars));
  if (found.length > 0) return found;
  const only = sidecars.length > 0 ? ', except for files without records' : '';
  const where = isRemote(channel) ? 'no objects under this prefix' : 'no files under this path';
  throw new RecordpipeError('object-missing', `${where}${only}; ${remedy(channel)}`, { uri });
}

function sidecarNotice(uri: string, sidecars: readonly string[]): string {
  const shown = sidecars.slice(0, MAX_NAMED).join(', ');
  const more = sidecars.length > MAX_NAMED ? ` and ${sidecars.length - MAX_NAMED} more` : '';
  const files = sidecars.length === 1 ? '1 file is' : `${sidecars.length} files are`;
  return `${files} not streamed: ${shown}${more} (indexes, manifests, markers and hidden files hold no records); in a training job an S3Prefix channel streams them as data, so keep them out of ${uri}`;
}

function remedy(channel: StreamChannel): string {
  return isRemote(channel)
    ? 'check the prefix and the region'
    : 'check the path of the channel: it does not exist, or contains no files';
}

/** On a disk a folder is meant, and not what else begins with its name. */
function folderAsPrefix(uri: string): string {
  const path = uri.startsWith('file://') ? fileURLToPath(uri) : uri;
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return folder && !uri.endsWith('/') ? `${uri}/` : uri;
}
