import { describe, expect, test } from 'vitest';
import { streamChannel } from '../../../src/pipemode/job/stream-channel.ts';
import { checkManifests } from '../../../src/pipemode/streamer/check-manifests.ts';
import { PipeModeStreamer, type StreamChannelInput } from '../../../src/pipemode/streamer/index.ts';
import { SMALL, withServer } from '../../storage/faults/transfer.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
let files = 0;
const manifest = (text: string): string => temp.file(`m-${files++}.jsonl`, Buffer.from(text));
const augmented = (text: string): StreamChannelInput => ({
  name: 'train',
  uri: manifest(text),
  dataType: 'AugmentedManifestFile',
  attributeNames: ['image-ref', 'label'],
});
const line = (i: number): string => `{"image-ref": "s3://bucket/${i}.jpg", "label": ${i}}\n`;
const lines = (count: number): string => Array.from({ length: count }, (_, i) => line(i)).join('');
const check = (channel: StreamChannelInput, options = {}) =>
  checkManifests([streamChannel(channel)], options);

describe('an invalid line anywhere in a manifest is found before data is read', () => {
  test.each([
    ['JSON', '{"image-ref": "s3://b/k", "label": }\n', 'malformed-manifest', /line 501, column 36/],
    ['an attribute', '{"image-ref": "s3://b/k"}\n', 'missing-attribute', /line 501, .*no attribute "label"/],
    ['an address', '{"image-ref": "b/k", "label": 1}\n', 'malformed-manifest', /line 501, .*not the address/],
  ])('wrong %s', async (_, wrong, code, message) => {
    const channel = augmented(lines(500) + wrong + lines(5));
    const expected = expect.objectContaining({ code, message: expect.stringMatching(message) });
    await expect(check(channel)).rejects.toEqual(expected);
    const streamer = new PipeModeStreamer({
      channels: [channel],
      pipeDir: temp.file(`pipes-${files++}`),
      lock: 'none',
    });
    streamer.run().catch(() => {});
    await expect(streamer.ready).rejects.toEqual(expected);
    await check(channel, { onBadLine: 'skip' });
  });

  test.runIf(DOES_ALL_RUNS)('after many lines, only its structure is checked', async () => {
    const many = `${line(1)}`.repeat(400_000);
    await expect(check(augmented(`${many}not JSON\n`))).rejects.toThrow(/line 400001, column 1/);
    await check(augmented(`${many}{"label": 1}\n`)); // The epoch that reaches the line fails.
  });

  test('in a list of objects', async () => {
    const channel = {
      name: 'train',
      uri: manifest('[{"prefix": "s3://b/"}, 7]'),
      dataType: 'ManifestFile',
    } as const;
    await expect(check(channel)).rejects.toThrow(/expected a key suffix/);
  });

  test('in S3, if the manifest is small', async () => {
    const uri = 's3://bucket/m.jsonl';
    const channel = { ...augmented(''), uri };
    await withServer({ objects: { 'bucket/m.jsonl': `${lines(3)}{\n` } }, async ({ url }) => {
      const objects = { ...SMALL, endpointUrl: url };
      await expect(check(channel, { objects })).rejects.toThrow(/line 4/);
    });
  });
});

test('accepts a byte order mark and S3:// in any case', async () => {
  await check(augmented(`\ufeff{"image-ref": "S3://bucket/a", "label": 1}\n`));
  await check({ name: 'x', uri: manifest('\ufeff[{"prefix": "S3://b/"}, "a"]'), dataType: 'ManifestFile' });
});
