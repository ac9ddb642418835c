import { encodeTFRecord } from 'recordpipe';
import { collectStats, countFiles } from 'recordpipe/check';
import { encodeExample } from 'recordpipe/messages';
import { afterEach, expect, test } from 'vitest';
import { RANGE_LIMITS } from '../../src/records/workers/range-plan.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const { minBytes } = RANGE_LIMITS;
afterEach(() => {
  RANGE_LIMITS.minBytes = minBytes;
});

const frames = Array.from({ length: 4000 }, (_, i) =>
  encodeTFRecord(
    encodeExample({
      label: i % 1500 === 1499 ? { kind: 'bytes', value: ['odd'] } : { kind: 'int64', value: [i % 5] },
      image: { kind: 'bytes', value: [new Uint8Array(100 + (i % 7))] },
    }),
  ),
);
const large = temp.file('large.tfrecord', concat(frames));
const small = temp.file('small.tfrecord', concat(frames.slice(0, 10)));
const files = [large, small];

test('counts and statistics of a filter do not depend on the number of threads', async () => {
  RANGE_LIMITS.minBytes = 64 * 1024;
  const where = 'label == 3 || lable == 3';
  const notices: string[] = [];
  const onNotice = ({ message }: { message: string }): number => notices.push(message);
  const [one, many] = await Promise.all([1, 3].map((jobs) => countFiles(files, { where, jobs, onNotice })));
  expect(many).toEqual(one);
  expect(one).toMatchObject({
    records: 802,
    where: { expression: where, tested: 4010, matched: 802, missing: ['lable'] },
    files: [
      { records: 800, tested: 4000, error: { code: 'schema-mismatch', record: 1499 } },
      { records: 2, tested: 10 },
    ],
  });
  expect(one.files[0].error?.message).toContain('cannot compare feature "label" (bytes) with 3 (integer)');
  expect(new Set(notices)).toEqual(
    new Set(['where: no record has a feature "lable"; did you mean "label"?']),
  );
  const [stats, statsOfMany] = await Promise.all([1, 3].map((jobs) => collectStats(files, { where, jobs })));
  expect(statsOfMany).toEqual(stats);
  expect(stats).toMatchObject({
    records: 802,
    files: [{ records: 4000, findings: 2 }, { records: 10 }],
    where: { tested: 4010, matched: 802 },
    findings: { count: 2 },
  });
  expect(stats.features.map(({ name, records }) => [name, records])).toEqual([
    ['image', 802],
    ['label', 802],
  ]);
  expect((await countFiles(files)).records).toBe(4010);
});
