import { readFileSync } from 'node:fs';
import type { UsageError } from '../../errors.ts';
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
import { type StreamChannel, type StreamChannelInput, streamChannel } from './stream-channel.ts';

/**
 * Reads the channels of a training job from a CreateTrainingJob request in JSON: the whole request
 * with its `InputDataConfig`, or that array alone. `S3Uri` may also be a path or a `file:` URL.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for a request
 * that CreateTrainingJob rejects, with the channel and key
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
 * Like {@link readTrainingInput}, for text.
 *
 * @param uri the name of the text in errors
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
  const twice = duplicateIn(channels.map(({ name }) => name));
  if (twice !== undefined) throw malformed(`two channels have the name ${twice}`, uri);
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
  // streamChannel checks the choices.
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
