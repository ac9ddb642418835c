import { readFileSync } from 'node:fs';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { attributeNamesMistake } from '../manifest/manifest-lines.ts';
import { checkChannelName } from './channel-files.ts';
import {
  configObject,
  configText,
  configTexts,
  duplicateIn,
  type JsonObject,
  malformed,
  parseConfig,
  withFileErrors,
} from './config-file.ts';

/** The type of data at a channel's address, in SageMaker's terms. */
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
 * Applies defaults to a channel and checks it against SageMaker's rules.
 * @throws UsageError for a value that SageMaker rejects, or for an unknown option
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

/**
 * Reads the channels of a training job from a CreateTrainingJob request in JSON. The file contains
 * either the whole request with its `InputDataConfig` or that array alone. `S3Uri` may also be a
 * path or a `file:` URL.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config`, with the
 * channel and the key, for a request that CreateTrainingJob rejects
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readTrainingInput } from 'recordpipe/pipemode/streamer';
 * const channel = { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' } } };
 * writeFileSync('channels.json', JSON.stringify([channel]));
 * console.log(readTrainingInput('channels.json')[0].name); // train
 * ```
 */
export function readTrainingInput(path: string): StreamChannel[] {
  const text = withFileErrors(path, () => readFileSync(path, 'utf8'));
  return parseTrainingInput(text.replace(/^\uFEFF/, ''), path);
}

/**
 * Like {@link readTrainingInput}, but parses a string instead of a file.
 *
 * @param uri the name of the string in error messages
 * @throws RecordpipeError `malformed-config`
 * @example
 * ```ts
 * import { parseTrainingInput } from 'recordpipe/pipemode/streamer';
 * const source = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/', S3DataDistributionType: 'ShardedByS3Key' } };
 * console.log(parseTrainingInput(JSON.stringify([{ ChannelName: 'train', DataSource: source }]), 'request')[0].distribution); // ShardedByS3Key
 * ```
 */
export function parseTrainingInput(text: string, uri: string): StreamChannel[] {
  const request = parseConfig(text, uri);
  const list = Array.isArray(request) ? request : configObject(request, 'the file', uri)['InputDataConfig'];
  if (!Array.isArray(list) || list.length === 0)
    throw malformed(
      'expected an array of channels, or a CreateTrainingJob request with InputDataConfig',
      uri,
    );
  const channels = list.map((one, i) => channelOf(configObject(one, `channel ${i}`, uri), i, uri));
  const duplicate = duplicateIn(channels.map(({ name }) => name));
  if (duplicate !== undefined) throw malformed(`two channels have the name ${duplicate}`, uri);
  return channels;
}

function channelOf(channel: JsonObject, index: number, uri: string): StreamChannel {
  const name = required(channel, 'ChannelName', `channel ${index}`, uri);
  const where = `channel ${name}`;
  const source = configObject(channel['DataSource'], `DataSource of ${where}`, uri);
  if (source['S3DataSource'] === undefined && source['FileSystemDataSource'] !== undefined)
    throw malformed(`${where}: a FileSystemDataSource cannot be streamed; use an S3DataSource`, uri);
  const s3 = configObject(source['S3DataSource'], `S3DataSource of ${where}`, uri);
  const mode = text(channel, 'InputMode', where, uri) ?? 'Pipe';
  if (mode !== 'Pipe') throw malformed(`${where}: InputMode is ${mode}; only Pipe can be streamed`, uri);
  const attributes = s3['AttributeNames'];
  const shuffle = channel['ShuffleConfig'];
  // The values are checked by streamChannel.
  const given = {
    name,
    uri: required(s3, 'S3Uri', where, uri),
    dataType: required(s3, 'S3DataType', where, uri),
    attributeNames: attributes && configTexts(attributes, `AttributeNames of ${where}`, uri),
    distribution: text(s3, 'S3DataDistributionType', where, uri),
    compression: text(channel, 'CompressionType', where, uri),
    recordWrapper: text(channel, 'RecordWrapperType', where, uri),
    shuffleSeed: shuffle === undefined ? undefined : seedOf(shuffle, where, uri),
    contentType: text(channel, 'ContentType', where, uri),
  } as StreamChannelInput;
  try {
    return streamChannel(given);
  } catch (error) {
    throw malformed((error as UsageError).message, uri, error);
  }
}

function seedOf(shuffle: unknown, where: string, uri: string): number {
  const seed = configObject(shuffle, `ShuffleConfig of ${where}`, uri)['Seed'];
  if (typeof seed === 'number') return seed;
  const got = seed === undefined ? 'none' : typeof seed;
  throw malformed(`Seed of ${where}: expected an integer, got ${got}`, uri);
}

function required(from: JsonObject, key: string, where: string, uri: string): string {
  const value = text(from, key, where, uri);
  if (value === undefined) throw malformed(`${where}: ${key} is missing`, uri);
  return value;
}

function text(from: JsonObject, key: string, where: string, uri: string): string | undefined {
  return configText(from[key], `${key} of ${where}`, uri);
}
