import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { convertTable, inferColumns } from '../../src/columns/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample, encodeSequenceExample, type FeaturesInput } from '../../src/messages/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

const FIRST: FeaturesInput = {
  id: { kind: 'int64', value: [7] },
  name: { kind: 'bytes', value: ['Zoë'] },
  tags: { kind: 'bytes', value: ['a', 'b'] },
  none: { kind: 'bytes', value: [] },
};
const without = (features: FeaturesInput): FeaturesInput =>
  Object.fromEntries(Object.entries(features).filter(([name]) => name !== 'name'));
const ofBytes = (value: readonly (string | Uint8Array)[]): FeaturesInput => ({
  ...FIRST,
  none: { kind: 'bytes', value: ['x'] },
  name: { kind: 'bytes', value: [...value] },
});
const exact = { deterministic: true } as const;
const encoded = (features: FeaturesInput): Uint8Array => encodeExample(features, exact);
const FULL = ofBytes(['x']);

/** Converts two files, of which the second starts with `later`. */
function place(first: FeaturesInput, later: Uint8Array): { files: string[]; bytes: Uint8Array; out: string } {
  const folder = temp.file(`place-${Math.random()}`);
  mkdirSync(folder);
  const frame = encodeTFRecord(encoded(first));
  const contents = [
    concat(Array.from({ length: 1100 }, () => frame)),
    concat([encodeTFRecord(later), frame]),
  ];
  const files = contents.map((bytes, i) => {
    const path = join(folder, `${i}.tfrecord`);
    writeFileSync(path, bytes);
    return path;
  });
  return { files, bytes: concat(contents), out: folder };
}

// Columns are guessed from the first file, and the second one confirms or refutes them.
test.each<[string, FeaturesInput, Uint8Array]>([
  ['has the same features', FULL, encoded(FULL)],
  ['lacks a feature', FULL, encoded(without(FULL))],
  ['has a further feature', without(FULL), encoded(FULL)],
  ['has two values', FULL, encoded(ofBytes(['x', 'y']))],
  ['has no value', FULL, encoded(ofBytes([]))],
  ['has bytes that are not UTF-8', FULL, encoded(ofBytes([Uint8Array.of(0xff)]))],
  ['has a control character', FULL, encoded(ofBytes(['\u0001']))],
  ['has an image that is also UTF-8', FULL, encoded(ofBytes(['GIF89a\n\n\n\n   ;']))],
  ['has the first value of bytes, which is text', FIRST, encoded({ ...FULL })],
  ['has the first value of bytes, which is not text', FIRST, encoded(ofBytes([Uint8Array.of(0xff)]))],
  ['has no value of bytes either', FIRST, encoded(FIRST)],
  ['has a feature without a kind', FULL, Uint8Array.of(10, 7, 10, 5, 10, 1, 122, 18, 0)],
  ['is empty', FULL, new Uint8Array(0)],
  [
    'is a SequenceExample',
    FULL,
    encodeSequenceExample({ featureLists: { steps: [{ kind: 'int64', value: [1, 2] }] } }, exact),
  ],
])('a later record that %s leads to the columns of all records', async (_, first, later) => {
  const { files, bytes, out } = place(first, later);
  const table = join(out, 'table.arrow');
  const { schema, records } = await convertTable(files, table, { jobs: 1 });
  expect(schema).toEqual(await inferColumns(files, { jobs: 1 }));
  expect(records).toBe(1102);
  const back = join(out, 'back.tfrecord');
  await convertTable(table, back);
  expect(readFileSync(back).equals(bytes)).toBe(true);
  expect(readdirSync(out)).toHaveLength(4);
});

test.each<[string, Uint8Array]>([
  ['has values of another kind', encoded({ ...FULL, name: { kind: 'int64', value: [1] } })],
  ['is malformed', Uint8Array.of(10, 200)],
])('a later record that %s is the error of inferring the columns', async (_, later) => {
  const { files, out } = place(FULL, later);
  const failure = await inferColumns(files, { jobs: 1 }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'schema-mismatch', uri: files[1], record: 0 });
  await expect(convertTable(files, join(out, 'table.arrow'), { jobs: 1 })).rejects.toEqual(failure);
  expect(readdirSync(out)).toHaveLength(2);
});
