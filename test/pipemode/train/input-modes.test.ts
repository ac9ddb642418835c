import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeRecordIO, decodeTFRecords, encodeRecordIO, encodeTFRecord } from '../../../src/index.ts';
import { withServer } from './filled-place.ts';
import { jobPlace, runJob, textOf } from './job-place.ts';

const place = jobPlace();

const SHARDS = 5;
const RECORDS = 7;

/** The text of a record. Some are empty, and some contain a line feed. */
function recordOf(shard: number, i: number): string {
  if (i === 3) return '';
  return i === 5 ? `x\n\u0007\u0002` : `record ${shard}.${i}`;
}

/** A data format with its encoder and decoder. */
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
    Buffer.concat(Array.from({ length: RECORDS }, (_, i) => write(recordOf(shard, i)))),
  ]);
  return new Map([...shards, ['part-0.idx', Buffer.from('0\t0\n')]]);
}

/**
 * Saves the bytes of each channel, in any input mode and without its index. A job with several
 * channels mixes input modes.
 */
const SCRIPT = `for channel in piped filed fast; do
  data="$SM_INPUT_DIR/data/$channel"
  if [ -p "\${data}_0" ]; then cat "\${data}_0"; else cat $(find -L "$data" -type f ! -name '*.idx' | sort); fi > "$SM_MODEL_DIR/$channel"
done
find -L "$SM_INPUT_DIR/data" -name '*.idx' | sed 's,.*/data/,,' | sort > "$SM_MODEL_DIR/indexes"`;

describe.each(KINDS)('$name', (kind) => {
  test.each([1, 2])(
    '%i host(s): File, FastFile and Pipe mode deliver the same records, each once',
    async (count) => {
      const shards = shardsOf(kind);
      const objects = Object.fromEntries([...shards].map(([name, bytes]) => [`bucket/d/${name}`, bytes]));
      await withServer({ objects }, async (server) => {
        const channel = { uri: 's3://bucket/d/', distribution: 'ShardedByS3Key' } as const;
        const channels = [
          { name: 'piped', inputMode: 'Pipe', ...channel },
          { name: 'filed', inputMode: 'File', ...channel },
          { name: 'fast', inputMode: 'FastFile', ...channel },
        ] as const;
        const root = place.newRoot();
        const { status } = await runJob(SCRIPT, {
          request: { channels, instanceCount: count },
          root,
          objects: { endpointUrl: server.url },
        });
        expect(status).toBe('Completed');
        const models = count === 1 ? ['model'] : ['algo-1/model', 'algo-2/model'];
        const all = models.flatMap((model) => {
          const piped = readFileSync(join(root, model, 'piped'));
          for (const other of ['filed', 'fast'])
            expect(readFileSync(join(root, model, other)).equals(piped)).toBe(true);
          expect(textOf(root, `${model}/indexes`)).toBe('fast/part-0.idx\nfiled/part-0.idx\n');
          return kind.read(piped);
        });
        const written = [...shards]
          .filter(([name]) => !name.endsWith('.idx'))
          .flatMap(([, bytes]) => kind.read(bytes));
        expect(all.sort()).toEqual(written.sort());
        expect(all).toHaveLength(SHARDS * RECORDS);
      });
    },
  );
});
