import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeExamples } from '../../src/columns/index.ts';
import type { ColumnBatch } from '../../src/messages/columns/column-batch.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { readRecords } from '../../src/records/index.ts';
import { columnBatch } from '../support/column-vectors.ts';
import { tempDir } from '../support/temp-dir.ts';

function numbers(firstRow: number, count: number, of = 'a'): ColumnBatch {
  const values = Array.from({ length: count }, (_, i) => BigInt(firstRow + i));
  const column = { name: of, type: { type: 'int64' }, nullable: true, part: 'feature', of, values } as const;
  return columnBatch('Example', count, [column], firstRow);
}

const expected = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => encodeExample({ a: { kind: 'int64', value: [i] } }));

async function recordsOf(path: string): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const record of readRecords(path)) records.push(Uint8Array.from(record));
  return records;
}

test.each(['a.tfrecord', 'a.rec', 'a.tfrecord.gz', 'a'])('writes the rows of batches to %s', async (name) => {
  const path = join(tempDir().path, name);
  const written = await writeExamples([numbers(0, 3000), numbers(3000, 5)], path);
  expect([written.records, written.path]).toEqual([3005, path]);
  expect(await recordsOf(path)).toEqual(expected(3005));
});

test('writes one batch, an async iterable of batches, and no batches', async () => {
  const path = join(tempDir().path, 'a.tfrecord');
  await writeExamples(numbers(0, 2), path);
  expect(await recordsOf(path)).toEqual(expected(2));
  async function* later() {
    yield numbers(0, 1);
    yield numbers(1, 3);
  }
  await expect(writeExamples(later(), path)).rejects.toMatchObject({ code: 'already-exists' });
  await writeExamples(later(), path, { overwrite: true });
  expect(await recordsOf(path)).toEqual(expected(4));
  expect(await writeExamples([], path, { overwrite: true })).toMatchObject({ records: 0 });
});

test('an error leaves nothing behind', async () => {
  const directory = tempDir().path;
  const path = join(directory, 'a.tfrecord');
  async function* failing() {
    yield numbers(0, 1);
    throw new Error('no more');
  }
  await expect(writeExamples(failing(), path)).rejects.toThrow('no more');
  const others = writeExamples([numbers(0, 1), numbers(1, 1, 'b')], path, { uri: 'table' });
  await expect(others).rejects.toMatchObject({ code: 'schema-mismatch', record: 1, uri: 'table' });
  expect(readdirSync(directory)).toEqual([]);
});

test('a signal ends the wait for a batch', async () => {
  const directory = tempDir().path;
  const controller = new AbortController();
  async function* endless(): AsyncGenerator<ColumnBatch> {
    yield numbers(0, 1);
    setImmediate(() => controller.abort());
    await new Promise(() => {});
  }
  const options = { signal: controller.signal };
  await expect(writeExamples(endless(), join(directory, 'a'), options)).rejects.toMatchObject({
    code: 'aborted',
  });
  expect(readdirSync(directory)).toEqual([]);
});

test('wrong arguments are usage errors', async () => {
  const path = join(tempDir().path, 'a.tfrecord');
  const usage = { code: 'invalid-argument' };
  await expect(writeExamples(undefined as never, path)).rejects.toMatchObject(usage);
  await expect(writeExamples([], path, { overwritten: true } as never)).rejects.toMatchObject(usage);
  await expect(writeExamples([], '')).rejects.toMatchObject(usage);
  await expect(writeExamples([7 as never], path)).rejects.toMatchObject(usage);
});
