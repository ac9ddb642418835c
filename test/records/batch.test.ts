import { describe, expect, test } from 'vitest';
import {
  decodeRecordIOBatches,
  decodeTextLineBatches,
  decodeTFRecordBatches,
  encodeRecordIO,
  encodeTFRecord,
  type RecordBatch,
  readTFRecordBatches,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';

const payloads = [Uint8Array.of(1, 2), Uint8Array.of(3)];
const file = concat(payloads.map(encodeTFRecord));

async function firstOf(batches: AsyncIterable<RecordBatch>): Promise<RecordBatch> {
  for await (const batch of batches) return batch;
  throw new Error('no batch');
}

describe('an index outside of a batch is a RangeError', () => {
  test.each<[string, () => Promise<RecordBatch> | RecordBatch]>([
    ['tfrecord', () => [...decodeTFRecordBatches(file)][0]],
    ['tfrecord with reuse', () => firstOf(readTFRecordBatches(file, { reuse: true }))],
    ['recordio', () => [...decodeRecordIOBatches(concat(payloads.map((one) => encodeRecordIO(one))))][0]],
    ['textline', () => [...decodeTextLineBatches(new TextEncoder().encode('a\nb\n'))][0]],
  ])('%s', async (_, make) => {
    const batch = await make();
    expect(batch.length).toBe(2);
    for (const i of [2, -1, 0.5, Number.NaN, 2 ** 32, 2 ** 40, undefined, '0']) {
      expect(() => batch.record(i as number)).toThrow(RangeError);
      expect(() => batch.offset(i as number)).toThrow(/from 0 to 1, got/);
    }
    expect([batch.record(1).length, batch.offset(0)]).toEqual([1, 0]);
  });
});
