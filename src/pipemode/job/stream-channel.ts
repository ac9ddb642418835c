import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { attributeNamesMistake } from '../manifest/manifest-lines.ts';
import { checkChannelName } from './channel-files.ts';

/** The type of data at the address of a channel. The values are the names that SageMaker uses. */
export type S3DataType = 'S3Prefix' | 'ManifestFile' | 'AugmentedManifestFile';

/** A channel to stream. Every field except `name` and `uri` has a default. */
export interface StreamChannel {
  /** Name of the channel: 1 to 64 of the characters `A-Z a-z 0-9 . - _`. */
  readonly name: string;
  /**
   * Address of the data: `s3://bucket/prefix` (with the scheme in any case), or a path or `file:`
   * URL of a folder or file. For manifests, the address of the manifest.
   */
  readonly uri: string;
  /**
   * Type of data at `uri`. The default is `S3Prefix`: all objects whose address starts with `uri`,
   * or all files below a folder.
   */
  readonly dataType: S3DataType;
  /** For augmented manifests, the 1 to 16 attributes to stream from each line, in this order. */
  readonly attributeNames: readonly string[];
  /**
   * Distribution of the data to hosts. `FullyReplicated`, the default: each host receives all data.
   * `ShardedByS3Key`: each host receives its share of the objects, or of the lines of an augmented
   * manifest.
   */
  readonly distribution: 'FullyReplicated' | 'ShardedByS3Key';
  /**
   * Compression of the objects. The default is `None`. `Gzip` decompresses each object while
   * streaming it.
   */
  readonly compression: 'None' | 'Gzip';
  /**
   * Wrapping of the objects. The default is `None`, which streams raw bytes. `RecordIO` wraps each
   * object, or each attribute, in a record.
   */
  readonly recordWrapper: 'None' | 'RecordIO';
  /**
   * Integer seed for shuffling the objects or lines in each epoch. If undefined, which is the
   * default, they are in listing order.
   */
  readonly shuffleSeed: number | undefined;
  /** Content type that is passed to the training program. */
  readonly contentType: string | undefined;
}

/**
 * How the data of a channel reaches the training program. The values are the names that SageMaker
 * uses.
 */
export type InputMode = 'Pipe' | 'File' | 'FastFile';

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

/** Additional fields of a channel in a training request. They do not affect streaming. */
interface JobFields {
  readonly inputMode?: InputMode | undefined;
  readonly instanceGroups?: unknown;
}

/**
 * Applies defaults to a channel and checks it against SageMaker's rules. Accepts a channel of a
 * training request if it is in Pipe mode.
 * @throws UsageError for a value that SageMaker rejects, or for an unknown option
 */
export function streamChannel(channel: StreamChannelInput & JobFields): StreamChannel {
  const { inputMode = 'Pipe', instanceGroups: _, ...given } = channel;
  const { name, uri } = given;
  checkChannelName('name', name);
  const invalid = (option: string, what: string): UsageError =>
    new UsageError(`${option} of channel ${name}: ${what}`);
  if (inputMode !== 'Pipe')
    throw invalid(
      'inputMode',
      `expected Pipe, got ${inputMode}; for File and FastFile channels, use recordpipe train`,
    );
  checkOptionNames(`channel ${name}`, given, { name, uri, ...DEFAULTS });
  if (typeof uri !== 'string' || uri === '')
    throw invalid('uri', `expected an s3:// address or a path, got ${JSON.stringify(uri)}`);
  if (/^https?:\/\//.test(uri)) throw invalid('uri', `expected s3://bucket/prefix or a path, got ${uri}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const checked = {
    ...DEFAULTS,
    ...Object.fromEntries(present),
    uri: withS3Scheme(uri),
  } as StreamChannel;
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const value = checked[option as keyof typeof CHOICES];
    if (!(allowed as readonly string[]).includes(value))
      throw invalid(option, `expected one of ${allowed.join(', ')}, got ${String(value)}`);
  }
  const { dataType, attributeNames, shuffleSeed } = checked;
  if (shuffleSeed !== undefined && !Number.isSafeInteger(shuffleSeed))
    throw invalid('shuffleSeed', `expected an integer within 2^53, got ${String(shuffleSeed)}`);
  const mistake =
    dataType === 'AugmentedManifestFile'
      ? attributeNamesMistake(attributeNames)
      : attributeNames.length > 0 &&
        'attributes require an augmented manifest (dataType AugmentedManifestFile)';
  if (mistake) throw invalid('attributeNames', mistake);
  return checked;
}

/** Returns the address with `s3://` in lower case. AWS accepts the scheme in any case. */
export function withS3Scheme(uri: string): string {
  return uri.replace(/^s3:\/\//i, 's3://');
}
