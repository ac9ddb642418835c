import { createHash } from 'node:crypto';
import { RecordpipeError } from '../../../errors.ts';
import type { StreamChannel } from '../../job/stream-channel.ts';
import { type ChannelContent, digestText, type HostShare } from '../channel-content.ts';

/** The properties of a channel that determine the bytes of its epochs. */
export interface ChannelIdentity {
  /** S3DataType of the channel. */
  readonly dataType: string;
  /**
   * Attribute names of an augmented manifest, or a digest of these names; null if the channel has
   * no attributes.
   */
  readonly attributes: string | null;
  /** CompressionType of the channel. */
  readonly compression: string;
  /** RecordWrapperType of the channel. */
  readonly recordWrapper: string;
  /** Seed of the shuffled order; null if the data is not shuffled. */
  readonly shuffleSeed: number | null;
  /**
   * Number of this host and the total number of hosts, such as `1/4`; null if the host receives all
   * data.
   */
  readonly share: string | null;
  /** Number of objects or manifest lines for all hosts. */
  readonly objects: number;
  /** Digest of the names of the objects. */
  readonly names: string | null;
  /** Digest of the sizes and versions of the objects, or of the manifest. */
  readonly versions: string | null;
}

/** Maximum length of the attribute names in a checkpoint. Longer names are replaced by a digest. */
const MAX_ATTRIBUTES = 100;

/** Returns the identity of a channel whose content has been listed. */
export function channelIdentity(
  channel: StreamChannel,
  content: ChannelContent,
  share: HostShare | undefined,
): ChannelIdentity {
  const { dataType, attributeNames, compression, recordWrapper, shuffleSeed } = channel;
  const attributes = attributeNames.join();
  const { names, versions } = content.digests();
  return {
    dataType,
    attributes:
      attributes.length > MAX_ATTRIBUTES
        ? digestText(createHash('sha256').update(attributes))
        : attributes || null,
    compression,
    recordWrapper,
    shuffleSeed: shuffleSeed ?? null,
    share: share === undefined ? null : `${share.rank + 1}/${share.hosts}`,
    objects: content.count,
    names: names ?? null,
    versions: versions ?? null,
  };
}

/** The parts of an identity in messages. */
const PARTS: Readonly<Record<keyof ChannelIdentity, string>> = {
  dataType: 'the data type (S3DataType)',
  attributes: 'the attributes',
  compression: 'the compression',
  recordWrapper: 'the record wrapper',
  shuffleSeed: 'the shuffle seed',
  share: 'the share of the host',
  objects: 'the number of objects or lines',
  names: 'the names of the objects',
  versions: 'the sizes or versions of the objects',
};

/** Parts whose values say nothing to people. */
const DIGESTS: ReadonlySet<string> = new Set(['names', 'versions']);

/**
 * Checks that a channel has the bytes that it had when its checkpoint was written.
 * @throws RecordpipeError `not-resumable` that names the parts that differ
 */
export function checkIdentity(
  channel: string,
  uri: string,
  now: ChannelIdentity,
  was: ChannelIdentity,
): void {
  const differing = (Object.keys(PARTS) as (keyof ChannelIdentity)[]).filter((part) => {
    // Requests for the objects of a ManifestFile would be needed to know their versions.
    const isUnknown = part === 'versions' && (now.versions === null || was.versions === null);
    return !isUnknown && now[part] !== was[part];
  });
  if (differing.length === 0) return;
  const what = differing.map((part) =>
    DIGESTS.has(part) ? PARTS[part] : `${PARTS[part]} (${text(was[part])} then, ${text(now[part])} now)`,
  );
  const message = `channel ${channel} does not match the checkpoint: ${what.join(', ')} changed; stream the same data with the same options, or restart the epoch without the checkpoint`;
  throw new RecordpipeError('not-resumable', message, { uri });
}

function text(value: string | number | null): string {
  return value === null ? 'none' : String(value);
}
