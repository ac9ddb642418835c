import { expect, test } from 'vitest';
import { parseTrainingInput } from '../../../src/pipemode/job/stream-channel.ts';

const S3 = { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' };
const channel = (more: object = {}, s3: object = {}): object => ({
  ChannelName: 'train',
  DataSource: { S3DataSource: { ...S3, ...s3 } },
  ...more,
});
const parse = (value: unknown) => parseTrainingInput(JSON.stringify(value), 'channels.json');

test('reads a minimal and a complete channel', () => {
  expect(parse([channel()])).toEqual([
    {
      name: 'train',
      uri: 's3://bucket/train/',
      dataType: 'S3Prefix',
      attributeNames: [],
      distribution: 'FullyReplicated',
      compression: 'None',
      recordWrapper: 'None',
      shuffleSeed: undefined,
      contentType: undefined,
    },
  ]);
  const all = channel(
    {
      CompressionType: 'Gzip',
      RecordWrapperType: 'RecordIO',
      ContentType: 'application/x-image',
      InputMode: 'Pipe',
      ShuffleConfig: { Seed: 7 },
    },
    {
      S3DataType: 'AugmentedManifestFile',
      AttributeNames: ['image-ref', 'label'],
      S3DataDistributionType: 'ShardedByS3Key',
    },
  );
  expect(parse({ TrainingJobName: 'job', InputDataConfig: [all] })[0]).toMatchObject({
    dataType: 'AugmentedManifestFile',
    attributeNames: ['image-ref', 'label'],
    distribution: 'ShardedByS3Key',
    compression: 'Gzip',
    recordWrapper: 'RecordIO',
    shuffleSeed: 7,
    contentType: 'application/x-image',
  });
});

test.each([
  ['a request without an array', {}, /InputDataConfig/],
  ['no channels', [], /array of channels/],
  ['no name', [{ ...channel(), ChannelName: undefined }], /ChannelName is missing/],
  ['a name SageMaker refuses', [channel({ ChannelName: 'a b' })], /name of a channel/],
  ['two of a name', [channel(), channel()], /two channels have the name train/],
  ['no address', [channel({}, { S3Uri: undefined })], /S3Uri is missing/],
  ['no type', [channel({}, { S3DataType: undefined })], /S3DataType is missing/],
  ['an unknown type', [channel({}, { S3DataType: 'Prefix' })], /dataType of channel train/],
  ['an unknown compression', [channel({ CompressionType: 'gzip' })], /expected one of None, Gzip, got gzip/],
  ['File mode', [channel({ InputMode: 'File' })], /only Pipe can be streamed/],
  ['a file system', [{ ChannelName: 'x', DataSource: { FileSystemDataSource: {} } }], /FileSystemDataSource/],
  ['attributes of a prefix', [channel({}, { AttributeNames: ['a'] })], /only augmented manifests/],
  ['no attributes', [channel({}, { S3DataType: 'AugmentedManifestFile' })], /1 to 16 names, got 0/],
  ['a seed that JSON rounds', [channel({ ShuffleConfig: { Seed: 2 ** 60 } })], /within 2\^53/],
  ['a seed of text', [channel({ ShuffleConfig: { Seed: '7' } })], /Seed of channel train/],
])('rejects %s', (_, value, message) => {
  expect(() => parse(value)).toThrow(
    expect.objectContaining({
      code: 'malformed-config',
      uri: 'channels.json',
      message: expect.stringMatching(message),
    }),
  );
});
