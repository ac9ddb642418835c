import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RecordpipeError } from '../../errors.ts';
import { ShardSets } from '../../inputs/shard-sets.ts';
import { type ObjectOptions, objectOptions } from '../../objects/object-options.ts';
import type { ObjectRef } from '../../objects/object-source.ts';
import type { HostShare } from '../order.ts';
import { isRemote, type StreamChannel } from '../stream-channel.ts';
import type { ChannelContent } from './channel-content.ts';
import { ObjectList } from './object-list.ts';

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

/** All objects below a prefix but the markers that some tools make for folders. */
async function objectsUnder(
  channel: StreamChannel,
  { objects, signal, warn }: ContentOpening,
): Promise<ObjectRef[]> {
  const uri = isRemote(channel) ? channel.uri : folderAsPrefix(channel.uri);
  const { objectSourceOf } = await import('../../objects/source-of.ts');
  const source = await objectSourceOf(uri, objectOptions(objects));
  const found: ObjectRef[] = [];
  const asFolder = uri.endsWith('/') ? uri : `${uri}/`;
  let siblings = 0;
  for await (const { uri: address, size, etag, versionId } of source.list(uri, signal)) {
    if (size === 0 && address.endsWith('/')) continue;
    if (address !== uri && !address.startsWith(asFolder)) siblings++;
    found.push({ uri: address, size, etag, versionId });
  }
  if (siblings > 0 && siblings < found.length) {
    const text = `${uri} is a prefix, not a folder: ${siblings} of ${found.length} objects are outside ${asFolder}; end it with / to leave them out`;
    warn('prefix-siblings', text);
  }
  if (found.length > 0) return found;
  throw new RecordpipeError('object-missing', `no objects under this prefix; ${remedy(channel)}`, { uri });
}

function remedy(channel: StreamChannel): string {
  return isRemote(channel)
    ? 'check it, and the region'
    : 'check the path: no folder or file begins with it, or they are empty';
}

/** On a disk a folder is meant, and not what else begins with its name. */
function folderAsPrefix(uri: string): string {
  const path = uri.startsWith('file://') ? fileURLToPath(uri) : uri;
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return folder && !uri.endsWith('/') ? `${uri}/` : uri;
}
