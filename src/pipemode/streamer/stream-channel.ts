import { UsageError } from '../../errors.ts';
import { isRemote as isRemoteUri } from '../../storage/registry.ts';

/** What a channel's address names, as SageMaker calls it. */
export type S3DataType = 'S3Prefix' | 'ManifestFile' | 'AugmentedManifestFile';

/** A channel that is to be streamed. Every field but the first two has a default. */
export interface StreamChannel {
  /** 1 to 64 of `A-Z a-z 0-9 . - _`. */
  readonly name: string;
  /** `s3://bucket/prefix` (the scheme in any case), or a path or `file:` URL of a folder or file; of manifests the address of the manifest. */
  readonly uri: string;
  /** Default `S3Prefix`: all objects whose address begins with `uri`; of a folder all files in it and below. */
  readonly dataType: S3DataType;
  /** Of augmented manifests: which attributes of a line are streamed, in this order. 1 to 16. */
  readonly attributeNames: readonly string[];
  /** Default `FullyReplicated`: each host gets everything. `ShardedByS3Key`: each gets its share of the objects, of augmented manifests of the lines. */
  readonly distribution: 'FullyReplicated' | 'ShardedByS3Key';
  /** Default `None`. `Gzip`: each object is inflated as it is streamed. */
  readonly compression: 'None' | 'Gzip';
  /** Default `None`: bytes one behind the other. `RecordIO`: each object, or each attribute, in a record of its own. */
  readonly recordWrapper: 'None' | 'RecordIO';
  /** Default undefined: as they are listed. A whole number: objects, or lines of augmented manifests, in another order in each epoch. */
  readonly shuffleSeed: number | undefined;
  /** Passed on to the training program. */
  readonly contentType: string | undefined;
}

export const DEFAULT_STREAM_CHANNEL: Omit<StreamChannel, 'name' | 'uri'> = Object.freeze({
  dataType: 'S3Prefix',
  attributeNames: Object.freeze([]),
  distribution: 'FullyReplicated',
  compression: 'None',
  recordWrapper: 'None',
  shuffleSeed: undefined,
  contentType: undefined,
});

/** What is given of a channel. */
export type StreamChannelInput = Pick<StreamChannel, 'name' | 'uri'> & {
  readonly [K in Exclude<keyof StreamChannel, 'name' | 'uri'>]?: StreamChannel[K] | undefined;
};

const NAME = /^[A-Za-z0-9.\-_]{1,64}$/;
const CHOICES = {
  dataType: ['S3Prefix', 'ManifestFile', 'AugmentedManifestFile'],
  distribution: ['FullyReplicated', 'ShardedByS3Key'],
  compression: ['None', 'Gzip'],
  recordWrapper: ['None', 'RecordIO'],
} as const;
const MAX_ATTRIBUTES = 16;
const MAX_ATTRIBUTE_CHARACTERS = 256;

/**
 * The complete channel, checked by SageMaker's rules.
 * @throws UsageError for a value that SageMaker would not take either
 */
export function streamChannel(given: StreamChannelInput): StreamChannel {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const channel: StreamChannel = {
    ...DEFAULT_STREAM_CHANNEL,
    ...Object.fromEntries(present),
    ...(typeof given.uri === 'string' && { uri: given.uri.replace(/^s3:\/\//i, 's3://') }),
  } as StreamChannel;
  const { name, uri, dataType, attributeNames, shuffleSeed } = channel;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new UsageError(
      `name: expected a channel's name, 1 to 64 of A-Z a-z 0-9 . - _, got ${JSON.stringify(name)}`,
    );
  if (typeof uri !== 'string' || uri === '')
    throw new UsageError(
      `uri of channel ${name}: expected an s3:// address or a path, got ${JSON.stringify(uri)}`,
    );
  if (/^https?:\/\//.test(uri))
    throw new UsageError(`uri of channel ${name}: expected s3://bucket/prefix or a path, got ${uri}`);
  for (const [key, allowed] of Object.entries(CHOICES)) {
    const value = channel[key as keyof typeof CHOICES];
    if (!(allowed as readonly string[]).includes(value))
      throw new UsageError(
        `${key} of channel ${name}: expected one of ${allowed.join(', ')}, got ${String(value)}`,
      );
  }
  if (shuffleSeed !== undefined && !Number.isSafeInteger(shuffleSeed))
    throw new UsageError(
      `shuffleSeed of channel ${name}: expected an integer within 2^53, got ${String(shuffleSeed)}`,
    );
  checkAttributes(name, dataType, attributeNames);
  return channel;
}

/** Whether a channel comes from S3. */
export function isRemote({ uri }: Pick<StreamChannel, 'uri'>): boolean {
  return isRemoteUri(uri);
}

function checkAttributes(name: string, dataType: S3DataType, names: readonly string[]): void {
  const label = `attributeNames of channel ${name}`;
  if (dataType !== 'AugmentedManifestFile') {
    if (names.length > 0)
      throw new UsageError(
        `${label}: only augmented manifests have attributes (dataType AugmentedManifestFile)`,
      );
    return;
  }
  if (names.length < 1 || names.length > MAX_ATTRIBUTES)
    throw new UsageError(`${label}: expected 1 to ${MAX_ATTRIBUTES} names, got ${names.length}`);
  for (const one of names) {
    if (typeof one !== 'string' || one.length < 1 || one.length > MAX_ATTRIBUTE_CHARACTERS)
      throw new UsageError(
        `${label}: expected names of 1 to ${MAX_ATTRIBUTE_CHARACTERS} characters, got ${JSON.stringify(one)}`,
      );
  }
}
