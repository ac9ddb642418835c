import { readFileSync } from 'node:fs';
import type { UsageError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { type StreamChannel, type StreamChannelInput, streamChannel } from '../streamer/stream-channel.ts';
import { configObject, configText, configTexts, type JsonObject, malformed } from './config-file.ts';

/**
 * The channels of a training job from the JSON that CreateTrainingJob takes: an array of channels, or a whole request with its `InputDataConfig`.
 * `S3Uri` may also be a path or `file:` URL.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for what CreateTrainingJob would not take, naming the channel and key
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
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw fileError(error, path);
  }
  return parseTrainingInput(text, path);
}

/**
 * The same as {@link readTrainingInput}, of a text.
 *
 * @param uri what errors call it
 * @throws RecordpipeError `malformed-config`
 * @example
 * ```ts
 * import { parseTrainingInput } from 'recordpipe/pipemode/streamer';
 * const source = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/', S3DataDistributionType: 'ShardedByS3Key' } };
 * console.log(parseTrainingInput(JSON.stringify([{ ChannelName: 'train', DataSource: source }]), 'request')[0].distribution); // ShardedByS3Key
 * ```
 */
export function parseTrainingInput(text: string, uri: string): StreamChannel[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${(error as Error).message}`, uri, error);
  }
  const list = Array.isArray(parsed) ? parsed : configObject(parsed, 'the file', uri)['InputDataConfig'];
  if (!Array.isArray(list) || list.length === 0) {
    const what =
      'expected an array of channels, or an object with InputDataConfig, as CreateTrainingJob takes it';
    throw malformed(what, uri);
  }
  const channels = list.map((one, i) => channelOf(configObject(one, `channel ${i}`, uri), i, uri));
  const names = channels.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw malformed(`there are two channels ${twice}`, uri);
  return channels;
}

function channelOf(channel: JsonObject, index: number, uri: string): StreamChannel {
  const name = required(channel, 'ChannelName', `channel ${index}`, uri);
  const where = `channel ${name}`;
  const source = configObject(channel['DataSource'], `DataSource of ${where}`, uri);
  if (source['S3DataSource'] === undefined && source['FileSystemDataSource'] !== undefined)
    throw malformed(`${where}: a FileSystemDataSource cannot be streamed, an S3DataSource can`, uri);
  const s3 = configObject(source['S3DataSource'], `S3DataSource of ${where}`, uri);
  const mode = text(channel, 'InputMode', where, uri) ?? 'Pipe';
  if (mode !== 'Pipe') throw malformed(`${where}: InputMode is ${mode}, only Pipe can be streamed`, uri);
  const shuffle =
    channel['ShuffleConfig'] === undefined
      ? undefined
      : configObject(channel['ShuffleConfig'], `ShuffleConfig of ${where}`, uri);
  const given: StreamChannelInput = {
    name,
    uri: required(s3, 'S3Uri', where, uri),
    dataType: required(s3, 'S3DataType', where, uri) as StreamChannel['dataType'],
    attributeNames:
      s3['AttributeNames'] === undefined
        ? undefined
        : configTexts(s3['AttributeNames'], `AttributeNames of ${where}`, uri),
    distribution: text(s3, 'S3DataDistributionType', where, uri) as StreamChannel['distribution'] | undefined,
    compression: text(channel, 'CompressionType', where, uri) as StreamChannel['compression'] | undefined,
    recordWrapper: text(channel, 'RecordWrapperType', where, uri) as
      | StreamChannel['recordWrapper']
      | undefined,
    shuffleSeed: shuffle && seedOf(shuffle, where, uri),
    contentType: text(channel, 'ContentType', where, uri),
  };
  try {
    return streamChannel(given);
  } catch (error) {
    throw malformed((error as UsageError).message, uri, error);
  }
}

function seedOf(shuffle: JsonObject, where: string, uri: string): number {
  const seed = shuffle['Seed'];
  if (typeof seed === 'number') return seed;
  throw malformed(
    `Seed of ${where}: expected an integer, got ${seed === undefined ? 'none' : typeof seed}`,
    uri,
  );
}

function required(from: JsonObject, key: string, where: string, uri: string): string {
  const value = text(from, key, where, uri);
  if (value === undefined) throw malformed(`${where}: ${key} is missing`, uri);
  return value;
}

function text(from: JsonObject, key: string, where: string, uri: string): string | undefined {
  return configText(from[key], `${key} of ${where}`, uri);
}
