import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StreamChannelInput } from '../../../src/pipemode/streamer/index.ts';
import { someInTurn } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { expectedEpoch, gzipped, readEpochs, writeObjects } from './stream-place.ts';

const temp = tempDir();
const EPOCHS = 2;
const HOSTS = ['algo-1', 'algo-2', 'algo-3'];

/** Objects of all relevant lengths: empty, with padding, and larger than a pipe. */
const OBJECTS: Record<string, Uint8Array> = Object.fromEntries(
  [0, 1, 2, 3, 4, 5, 1000, 70_000, 300_001].map((length, i) => [
    `part-${i}/o ${i} ü+%.bin`,
    Uint8Array.from({ length }, (_, at) => (at * 31 + i * 7) & 255),
  ]),
);

function plainUnits(): Uint8Array[][] {
  return Object.values(OBJECTS).map((bytes) => [bytes]);
}

const combinations = (['S3Prefix', 'ManifestFile', 'AugmentedManifestFile'] as const).flatMap((dataType) =>
  (['None', 'RecordIO'] as const).flatMap((recordWrapper) =>
    (['None', 'Gzip'] as const).flatMap((compression) =>
      [undefined, 5].flatMap((shuffleSeed) =>
        (['FullyReplicated', 'ShardedByS3Key'] as const).map((distribution) => ({
          dataType,
          recordWrapper,
          compression,
          shuffleSeed,
          distribution,
        })),
      ),
    ),
  ),
);

/** A channel over the objects, and its units: objects, or lines with their attributes. */
function channelOf(how: (typeof combinations)[number]): {
  channel: StreamChannelInput;
  units: Uint8Array[][];
} {
  const folder = temp.file(how.compression === 'Gzip' ? 'gzip' : 'plain');
  const stored = Object.entries(OBJECTS).map(
    ([name, bytes]) => [name, how.compression === 'Gzip' ? gzipped(bytes) : bytes] as const,
  );
  const names = writeObjects(folder, Object.fromEntries(stored));
  const base = { name: 'train', ...how };
  if (how.dataType === 'S3Prefix') return { channel: { ...base, uri: folder }, units: plainUnits() };
  if (how.dataType === 'ManifestFile') {
    const manifest = temp.file(
      'm.manifest',
      Buffer.from(JSON.stringify([{ prefix: `${folder}/` }, ...names])),
    );
    return { channel: { ...base, uri: manifest }, units: plainUnits() };
  }
  const lines = names.map((name, i) =>
    JSON.stringify({ label: i * 0.1, 'o-ref': `${folder}/${name}`, text: 'ü"' }),
  );
  const manifest = temp.file('a.jsonl', Buffer.from(`${lines.join('\n')}\n`));
  const units = Object.values(OBJECTS).map((bytes, i) => [
    Buffer.from(JSON.stringify(i * 0.1)),
    bytes,
    Buffer.from('ü"'),
  ]);
  return { channel: { ...base, uri: manifest, attributeNames: ['label', 'o-ref', 'text'] }, units };
}

describe('the bytes of a pipe', () => {
  test.each(combinations)(
    '$dataType, wrapper $recordWrapper, compression $compression, seed $shuffleSeed, $distribution',
    async (how) => {
      const { channel, units } = channelOf(how);
      const hosts = how.distribution === 'ShardedByS3Key' ? HOSTS : HOSTS.slice(0, 1);
      for (const [rank, current_host] of someInTurn([...hosts.entries()], combinations.indexOf(how) >> 1)) {
        const pipeDir = join(temp.path, `pipes-${combinations.indexOf(how)}-${rank}`);
        const epochs = await readEpochs({
          channels: [channel],
          pipeDir,
          epochs: EPOCHS,
          hosts: { current_host, hosts },
        });
        const share = hosts.length > 1 ? { rank, hosts: hosts.length } : undefined;
        const wrap = how.recordWrapper === 'RecordIO';
        for (let epoch = 0; epoch < EPOCHS; epoch++)
          expect(
            epochs[epoch].equals(expectedEpoch(units, epoch, { seed: how.shuffleSeed, share, wrap })),
          ).toBe(true);
        expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
      }
    },
  );
});
