import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeRecordIO, decodeTFRecords, encodeRecordIO, encodeTFRecord } from '../../../src/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { catEpochs } from '../streamer/stream-place.ts';
import { filesIn, fill, newRoot, withServer } from './filled-place.ts';

const temp = tempDir();

const SHARDS = 5;
const RECORDS = 7;

/** The text of a record. One record has RecordIO's magic number in it, and some are empty. */
function textOf(shard: number, i: number): string {
  if (i === 3) return '';
  return i === 5 ? `x\n\u0007\u0002` : `record ${shard}.${i}`;
}

/** A kind of data: how a record is written and how bytes are read. */
interface Kind {
  readonly name: string;
  readonly write: (text: string) => Uint8Array;
  readonly read: (bytes: Uint8Array) => string[];
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const KINDS: readonly Kind[] = [
  {
    name: 'tfrecord',
    write: (one) => encodeTFRecord(Buffer.from(one)),
    read: (bytes) => Array.from(decodeTFRecords(bytes), text),
  },
  {
    name: 'recordio',
    write: (one) => encodeRecordIO(Buffer.from(one)),
    read: (bytes) => Array.from(decodeRecordIO(bytes), text),
  },
  {
    name: 'lines',
    write: (one) => Buffer.from(`${one.replaceAll('\n', ' ')}\n`),
    read: (bytes) => text(bytes).split('\n').slice(0, -1),
  },
];

/** The shards of a kind of data, by file name, with an index that only File mode delivers. */
function shardsOf({ write }: Kind): Map<string, Buffer> {
  const shards = Array.from({ length: SHARDS }, (_, shard): [string, Buffer] => [
    `part-${shard}`,
    Buffer.concat(Array.from({ length: RECORDS }, (_, i) => write(textOf(shard, i)))),
  ]);
  return new Map([...shards, ['part-0.idx', Buffer.from('0\t0\n')]]);
}

describe.each(KINDS)('$name', (kind) => {
  test.each([1, 2])(
    '%i host(s): File, FastFile and Pipe mode deliver the same records, and every record once',
    async (count) => {
      const shards = shardsOf(kind);
      const objects = Object.fromEntries([...shards].map(([name, bytes]) => [`bucket/d/${name}`, bytes]));
      const hosts = Array.from({ length: count }, (_, i) => `algo-${i + 1}`);
      await withServer({ objects }, async (server) => {
        const access = { endpointUrl: server.url };
        const channel = { uri: 's3://bucket/d/', distribution: 'ShardedByS3Key' } as const;
        const all: string[] = [];
        for (const current_host of hosts) {
          const root = newRoot(temp);
          const options = { hosts: { current_host, hosts }, objects: access };
          const [piped] = await catEpochs({
            channels: [{ name: 'train', ...channel }],
            pipeDir: join(root, 'pipes'),
            epochs: 1,
            ...options,
          });
          for (const inputMode of ['File', 'FastFile'] as const) {
            const { folder } = await fill(newRoot(temp), { ...channel, inputMode }, options);
            const { 'part-0.idx': index, ...files } = filesIn(folder);
            expect(index).toBe('0\t0\n');
            const bytes = Buffer.from(Object.values(files).join(''), 'latin1');
            expect(kind.read(bytes)).toEqual(kind.read(piped));
            expect(bytes.equals(piped)).toBe(true);
          }
          all.push(...kind.read(piped));
        }
        const written = [...shards]
          .filter(([name]) => !name.endsWith('.idx'))
          .flatMap(([, bytes]) => kind.read(bytes));
        expect(all.sort()).toEqual(written.sort());
        expect(all).toHaveLength(SHARDS * RECORDS);
      });
    },
  );
});
