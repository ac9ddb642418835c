import { readFileSync } from 'node:fs';
import { encodeTFRecord, UsageError } from 'recordpipe';
import { convertTable, inferColumns, readTableBatches } from 'recordpipe/columns';
import { encodeExample } from 'recordpipe/messages';
import { expect, test } from 'vitest';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const records = Array.from({ length: 10 }, (_, i) =>
  encodeExample({
    label: { kind: 'int64', value: [i % 3] },
    // A feature of two kinds: only the filter makes columns possible.
    mixed: i % 3 === 0 ? { kind: 'float', value: [i] } : { kind: 'int64', value: [i] },
  }),
);
const file = temp.file('some.tfrecord', concat(records.map((record) => encodeTFRecord(record))));

test('convertTable converts the records that pass, with columns inferred from them', async () => {
  const output = temp.file('some.jsonl');
  const notices: string[] = [];
  const result = await convertTable([file], output, {
    where: 'label == 0 || lable == 7',
    overwrite: true,
    onNotice: ({ message }) => notices.push(message),
  });
  expect(result).toMatchObject({ records: 4, where: { tested: 10, matched: 4, missing: ['lable'] } });
  expect(
    readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).mixed),
  ).toEqual([0, 3, 6, 9]);
  expect(new Set(notices)).toEqual(
    new Set(['where: no record has a feature "lable"; did you mean "label"?']),
  );
  const table = convertTable([output], temp.file('back.tfrecord'), { where: 'label == 0', overwrite: true });
  await expect(table).rejects.toThrow(UsageError);
});

test('readTableBatches yields the rows of the records that pass', async () => {
  const where = 'label > 0';
  const schema = await inferColumns([file], { where });
  const rows: bigint[] = [];
  for await (const { columns } of readTableBatches([file], schema, { where, batchRows: 3 })) {
    const [, mixed] = columns;
    if (mixed.type === 'int64') rows.push(...mixed.values);
  }
  expect(rows).toEqual([1n, 2n, 4n, 5n, 7n, 8n]);
});
