import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeRecordIO, encodeRecordIO, readRecordIO, scanRecordIO } from '../../src/index.ts';
import { openRecordIOWriter } from '../../src/records/write/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { collect } from './collect.ts';
import { described, listed, missingCounterpart, readWith, runPython } from './counterpart.ts';

const missing = missingCounterpart('sagemaker');
const folder = tempDir();
const SEED = 20_266;

describe.skipIf(missing !== undefined)('recordpipe reads files of the SageMaker SDK', () => {
  let written: string;
  let names: string[];
  beforeAll(() => {
    written = folder.file('written');
    names = runPython('sagemaker', 'sagemaker_write.py', written, String(SEED));
    expect(names.length).toBe(7);
  });

  test('streaming, from memory, and with a scan; both multipart modes agree, as there are no parts', async () => {
    for (const name of names) {
      const path = join(written, name);
      const { records } = described(written, name);
      for (const multipart of ['dmlc', 'concat', 'error'] as const) {
        const { payloads, error } = await collect(readRecordIO(path, { multipart }));
        expect(error, name).toBeUndefined();
        expect(listed(payloads), name).toEqual(records);
      }
      const { payloads } = await collect(decodeRecordIO(new Uint8Array(readFileSync(path))));
      expect(listed(payloads), name).toEqual(records);
      expect(await scanRecordIO(path), name).toMatchObject({
        records: records.length,
        payloadBytes: records.reduce((sum, { length }) => sum + length, 0),
        errorCount: 0,
      });
    }
  });

  test('recordpipe writes the same bytes without escapes', async () => {
    for (const name of names) {
      const theirs = readFileSync(join(written, name));
      const { payloads } = await collect(readRecordIO(join(written, name)));
      const ours = concat(payloads.map((payload) => encodeRecordIO(payload, { escapeMagic: false })));
      expect(theirs.equals(ours), name).toBe(true);
    }
  });
});

describe.skipIf(missing !== undefined)('the SageMaker SDK reads files of recordpipe', () => {
  test('records of all lengths, with magic numbers inside', async () => {
    const random = new Random(SEED);
    const magic = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);
    const payloads = Array.from({ length: 300 }, (_, i) => random.bytes(i)).concat(
      [magic, concat([magic, magic]), concat([random.bytes(4), magic, random.bytes(3)])],
      [4096, 65_536, 1_048_577].map((length) => random.bytes(length)),
    );
    const place = folder.file('read');
    mkdirSync(place);
    const writer = await openRecordIOWriter(join(place, 'ours.rec'), { escapeMagic: false });
    for (const payload of payloads) await writer.write(payload);
    await writer.close();
    await (await openRecordIOWriter(join(place, 'empty.rec'))).close();
    const readings = readWith('sagemaker', 'sagemaker_read.py', place);
    expect(readings.get('ours.rec')).toEqual({
      file: 'ours.rec',
      records: listed(payloads),
      error: null,
      died: null,
    });
    expect(readings.get('empty.rec')).toMatchObject({ records: [], error: null, died: null });
  });
});
