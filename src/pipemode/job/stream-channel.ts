import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { attributeNamesMistake } from '../manifest/manifest-lines.ts';
import { checkChannelName } from './channel-files.ts';

/** The kind of data at a channel's address, in SageMaker's terms. */
export type S3DataType = 'S3Prefix' | 'ManifestFile' | 'AugmentedManifestFile';

/** A channel to stream. Every field except `name` and `uri` has a default. */
export interface StreamChannel {
  /** 1 to 64 of `A-Z a-z 0-9 . - _`. */
  readonly name: string;
  /**
   * `s3://bucket/prefix` (the scheme in any case), or a path or `file:` URL of a folder or file. For
   * manifests, the address of the manifest.
   */
  readonly uri: string;
  /** Default `S3Prefix`: all objects whose address starts with `uri`, or all files below a folder. */
  readonly dataType: S3DataType;
  /** For augmented manifests: the 1 to 16 attributes to stream from each line, in this order. */
  readonly attributeNames: readonly string[];
  /**
   * Default `FullyReplicated`: each host gets everything. `ShardedByS3Key`: each host gets its share
   * of the objects, or of the lines of an augmented manifest.
   */
  readonly distribution: 'FullyReplicated' | 'ShardedByS3Key';
  /** Default `None`. `Gzip`: each object is inflated while it is streamed. */
  readonly compression: 'None' | 'Gzip';
  /** Default `None`: plain bytes. `RecordIO`: each object, or attribute, becomes a record. */
  readonly recordWrapper: 'None' | 'RecordIO';
  /** Default undefined: listing order. An integer: objects or lines in a new order each epoch. */
  readonly shuffleSeed: number | undefined;
  /** Passed to the training program. */
  readonly contentType: string | undefined;
}

/** A channel as given by the caller. */
export type StreamChannelInput = Pick<StreamChannel, 'name' | 'uri'> & {
  readonly [K in Exclude<keyof StreamChannel, 'name' | 'uri'>]?: StreamChannel[K] | undefined;
};

const DEFAULTS: Omit<StreamChannel, 'name' | 'uri'> = Object.freeze({
  dataType: 'S3Prefix',
  attributeNames: Object.freeze([]),
  distribution: 'FullyReplicated',
  compression: 'None',
  recordWrapper: 'None',
  shuffleSeed: undefined,
  contentType: undefined,
});

const CHOICES = {
  dataType: ['S3Prefix', 'ManifestFile', 'AugmentedManifestFile'],
  distribution: ['FullyReplicated', 'ShardedByS3Key'],
  compression: ['None', 'Gzip'],
  recordWrapper: ['None', 'RecordIO'],
} as const;

/**
 * Completes a channel and checks it by SageMaker's rules.
 * @throws UsageError for a value that SageMaker rejects, and for an unknown option
 */
export function streamChannel(given: StreamChannelInput): StreamChannel {
  const { name, uri } = given;
  checkChannelName('name', name);
  const invalid = (option: string, what: string): UsageError =>
    new UsageError(`${option} of channel ${name}: ${what}`);
  checkOptionNames(`channel ${name}`, given, { name, uri, ...DEFAULTS });
  if (typeof uri !== 'string' || uri === '')
    throw invalid('uri', `expected an s3:// address or a path, got ${JSON.stringify(uri)}`);
  if (/^https?:\/\//.test(uri)) throw invalid('uri', `expected s3://bucket/prefix or a path, got ${uri}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const channel = {
    ...DEFAULTS,
    ...Object.fromEntries(present),
    uri: uri.replace(/^s3:\/\//i, 's3://'),
  } as StreamChannel;
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const value = channel[option as keyof typeof CHOICES];
    if (!(allowed as readonly string[]).includes(value))
      throw invalid(option, `expected one of ${allowed.join(', ')}, got ${String(value)}`);
  }
  const { dataType, attributeNames, shuffleSeed } = channel;
  if (shuffleSeed !== undefined && !Number.isSafeInteger(shuffleSeed))
    throw invalid('shuffleSeed', `expected an integer within 2^53, got ${String(shuffleSeed)}`);
  const mistake =
    dataType === 'AugmentedManifestFile'
      ? attributeNamesMistake(attributeNames)
      : attributeNames.length > 0 &&
        'only augmented manifests have attributes (dataType AugmentedManifestFile)';
  if (mistake) throw invalid('attributeNames', mistake);
  return channel;
}
