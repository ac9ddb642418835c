import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeTFRecords, isRecordpipeError, readTFRecords, scanTFRecords } from '../../src/index.ts';
import { oracleFile } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const random = new Random(7);
const PAYLOADS = Array.from({ length: 200 }, () => random.bytes(100));
const FRAME = 116;
const FILE = oracleFile(PAYLOADS);

interface Read {
  records: number;
  code: string | undefined;
  offset: number | undefined;
}

/** Reads a file and changes it after record `when`. Every delivered record must be correct. */
async function readWhile(path: string, when: number, change: () => void, chunkBytes = 1000): Promise<Read> {
  let records = 0;
  try {
    for await (const record of readTFRecords(path, { chunkBytes })) {
      expect(Buffer.compare(record, PAYLOADS[records % PAYLOADS.length])).toBe(0);
      if (++records === when) change();
    }
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { records, code: error.code, offset: error.offset };
  }
  return { records, code: undefined, offset: undefined };
}

describe('a file that grows while it is read', () => {
  test.each([1, 20, 199, 200])('by whole records, after record %i', async (when) => {
    const path = dir.file(`grows-${when}`, FILE);
    const { records, code } = await readWhile(path, when, () => appendFileSync(path, FILE));
    expect(code).toBeUndefined();
    expect([200, 400]).toContain(records);
    if (when < 100) expect(records).toBe(400);
  });

  test('first by half a record, later by the other half', async () => {
    const path = dir.file('halves', FILE.subarray(0, 50 * FRAME + 60));
    const { records, code } = await readWhile(path, 3, () =>
      appendFileSync(path, FILE.subarray(50 * FRAME + 60)),
    );
    expect(code).toBeUndefined();
    expect(records).toBe(200);
  });

  test('a scan', async () => {
    const path = dir.file('scanned', FILE);
    let calls = 0;
    const onProgress = (): void => {
      if (++calls === 3) appendFileSync(path, FILE);
    };
    const found = await scanTFRecords(path, { chunkBytes: 1000, onProgress });
    expect(found).toMatchObject({ records: 400, errorCount: 0, bytes: 2 * FILE.length });
  });
});

describe('a file that shrinks while it is read', () => {
  test.each([30, 60, 100])(
    'in the middle of record %i: the remaining records, then an error at the end',
    async (record) => {
      const path = dir.file(`shrinks-${record}`, FILE);
      const { records, code, offset } = await readWhile(path, 3, () =>
        truncateSync(path, record * FRAME + 50),
      );
      expect({ records, code, offset }).toEqual({
        records: record,
        code: 'truncated-record',
        offset: record * FRAME,
      });
    },
  );

  test('in the middle of a header', async () => {
    const path = dir.file('shrinks-header', FILE);
    const { records, code } = await readWhile(path, 3, () => truncateSync(path, 90 * FRAME + 5));
    expect({ records, code }).toEqual({ records: 90, code: 'source-changed' });
  });

  test('at a record boundary, where it would look complete', async () => {
    const path = dir.file('shrinks-border', FILE);
    const { records, code, offset } = await readWhile(path, 3, () => truncateSync(path, 90 * FRAME));
    expect({ records, code, offset }).toEqual({ records: 90, code: 'source-changed', offset: 90 * FRAME });
  });

  test('to nothing, after chunks that have been read', async () => {
    const path = dir.file('emptied', FILE);
    const { records, code } = await readWhile(path, 3, () => truncateSync(path, 0));
    expect(records).toBeLessThan(60);
    expect(['source-changed', 'truncated-record']).toContain(code);
  });

  test('a scan', async () => {
    const path = dir.file('scan-shrinks', FILE);
    let calls = 0;
    const onProgress = (): void => {
      if (++calls === 3) truncateSync(path, 100 * FRAME + 50);
    };
    const { records, errors } = await scanTFRecords(path, { chunkBytes: 1000, onProgress });
    expect(records).toBe(100);
    expect(errors.map(({ code, record, offset }) => ({ code, record, offset }))).toEqual([
      { code: 'truncated-record', record: 100, offset: 100 * FRAME },
    ]);
  });
});

test('a file that is rewritten while it is read: every record is from one of the two versions', async () => {
  for (let turn = 0; turn < 20; turn++) {
    const path = dir.file(`rewritten-${turn}`, FILE);
    const others = oracleFile(
      PAYLOADS.map((payload) => payload.map((byte) => byte ^ 0xff).subarray(0, 40 + turn)),
    );
    const known = new Set(
      [...decodeTFRecords(FILE), ...decodeTFRecords(others)].map((one) => Buffer.from(one).toString('hex')),
    );
    let count = 0;
    try {
      for await (const record of readTFRecords(path, { chunkBytes: 500 })) {
        expect(known.has(Buffer.from(record).toString('hex'))).toBe(true);
        if (++count === 5) writeFileSync(path, others);
      }
    } catch (error) {
      expect(isRecordpipeError(error)).toBe(true);
    }
  }
});
