import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  collectStats,
  countFiles,
  type DatasetStats,
  mergeStats,
  NO_STATS,
  validateFiles,
} from '../../src/check/index.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { readSmallFile } from '../../src/storage/local/small-file.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const others = tempDir();
const COUNT = 150;

function example(i: number): Uint8Array {
  return encodeExample({
    label: { kind: 'int64', value: [i % 7] },
    name: { kind: 'bytes', value: [`name ${i}`] },
    values: { kind: 'float', value: [i, -i / 3] },
  });
}

/** Returns the contents of a file; some are damaged, empty, compressed, of another format or large. */
function contents(i: number): Uint8Array {
  const records = Array.from({ length: 1 + (i % 3) }, (_, at) => encodeTFRecord(example(10 * i + at)));
  const bytes = concat(records);
  if (i === 20) bytes[bytes.length - 6] ^= 1;
  if (i === 40) return bytes.subarray(0, bytes.length - 3);
  if (i === 60) return new Uint8Array(0);
  if (i === 80) return new TextEncoder().encode('<!DOCTYPE html><p>Not found</p>');
  if (i === 100) return gzipSync(bytes);
  if (i === 120) return concat([encodeRecordIO(example(i)), encodeRecordIO(new Uint8Array(5))]);
  if (i === 140) return concat([bytes, encodeTFRecord(new Uint8Array(100_000))]);
  return bytes;
}

const files = Array.from({ length: COUNT }, (_, i) =>
  temp.file(`part-${String(i).padStart(3, '0')}.tfrecord`, contents(i)),
);

test('many small files have the same reports alone, together and on workers', async () => {
  const alone = await Promise.all(files.map(async (file) => (await validateFiles(file)).files[0]));
  const order: string[] = [];
  const onFileInOrder = ({ uri }: { uri: string }): void => {
    order.push(uri);
  };
  for (const options of [{}, { blocking: true }, { jobs: 3 }]) {
    const { files: together } = await validateFiles(temp.path, options);
    expect(together.map(untimed)).toEqual(alone.map(untimed));
    const counted = await countFiles(temp.path, { ...options, onFileInOrder });
    expect(counted.files.map(({ records }) => records).filter((_, i) => i !== 20)).toEqual(
      alone.map(({ records }) => records).filter((_, i) => i !== 20),
    );
    expect(order.splice(0)).toEqual(files);
  }
  expect(openDescriptors(temp.path)).toBe(0);
});

test('their statistics are the merged statistics of each file', async () => {
  const each: DatasetStats[] = [];
  for (const file of files) each.push(await collectStats(file, { samples: true }));
  const merged = JSON.stringify(each.reduce(mergeStats, NO_STATS));
  for (const jobs of [1, 2])
    expect(JSON.stringify(await collectStats(temp.path, { samples: true, jobs }))).toBe(merged);
});

test('a run stops at the first invalid file, and when its signal is aborted', async () => {
  const { files: checked } = await validateFiles(temp.path, { failFast: true, jobs: 1 });
  expect(checked.map(({ uri }) => uri)).toEqual(files.slice(0, 21));
  const found = new Set<string>();
  const onFinding = ({ uri }: { uri: string }): void => void found.add(uri);
  const several = await validateFiles(files.slice(0, 50), { failFast: true, jobs: 2, onFinding });
  const bad = several.files.filter(({ ok }) => !ok).map(({ uri }) => uri);
  expect(bad).toHaveLength(1);
  expect([...found]).toEqual(bad);
  const stop = new AbortController();
  const onProgress = ({ filesDone }: { filesDone: number }): void => {
    if (filesDone === 5) stop.abort();
  };
  const run = validateFiles(temp.path, { jobs: 1, onProgress, signal: stop.signal });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
});

test('a small file is read only if it has the expected size', () => {
  const [path] = files;
  const size = contents(0).length;
  expect(readSmallFile(path, size - 1)).toBe(undefined);
  expect(readSmallFile(path, size + 1)).toBe(undefined);
  expect(readSmallFile(path, 0)).toBe(undefined);
  expect(readSmallFile(`${path}.missing`, size)).toBe(undefined);
  expect(readSmallFile(temp.path, size)).toBe(undefined);
  const [one, other] = [readSmallFile(path, size), readSmallFile(files[1], contents(1).length)];
  expect(one?.bytes).toEqual(contents(0));
  expect(other?.bytes).toEqual(contents(1));
  one?.release();
  other?.release();
});

test('nothing waits for the writer of a named pipe', () => {
  const pipe = others.file('pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  expect(readSmallFile(pipe, 10)).toBe(undefined);
});

function untimed({ seconds: _, ...report }: { seconds: number }): object {
  return report;
}
