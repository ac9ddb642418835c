import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRecordIO } from '../../src/index.ts';
import {
  decodeSageMakerRecord,
  encodeSageMakerRecord,
  type SageMakerRecord,
  type SageMakerRecordInput,
  type SageMakerValue,
} from '../../src/messages/index.ts';
import { openRecordIOWriter } from '../../src/records/write/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { collect } from './collect.ts';
import { missingCounterpart, runPython } from './counterpart.ts';

const missing = missingCounterpart('sagemaker');
const folder = tempDir();
const SEED = 20_267;

/** Output of sagemaker_records.py. */
interface RecordOutput {
  readonly features: Record<string, unknown>;
  readonly label: Record<string, unknown>;
  readonly texts: Record<string, string>;
}
interface Answer {
  readonly file: string;
  readonly records: (RecordOutput & { readonly deterministic: string })[];
}

function ask(...args: string[]): Answer[] {
  return runPython('sagemaker', 'sagemaker_records.py', ...args).map((line) => JSON.parse(line) as Answer);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function number(kind: 'float32' | 'float64' | 'int32', value: number): string {
  if (kind === 'int32') return String(value);
  if (Number.isNaN(value)) return 'NaN';
  const word = Buffer.alloc(kind === 'float32' ? 4 : 8);
  if (kind === 'float32') word.writeFloatBE(value);
  else word.writeDoubleBE(value);
  return word.toString('hex');
}

function valueOutput(value: SageMakerValue): unknown {
  if (value.kind === 'none') return { kind: 'none' };
  if (value.kind === 'bytes') {
    const { kind, values, contentType } = value;
    return { kind, values: values.map(hex), ...(contentType !== undefined && { contentType }) };
  }
  return {
    kind: value.kind,
    values: Array.from(value.values, (one) => number(value.kind, one)),
    keys: Array.from<number | bigint, string>(value.keys, String),
    shape: Array.from<number | bigint, string>(value.shape, String),
  };
}

function outputOf({ features, label, ...texts }: SageMakerRecord): RecordOutput {
  return JSON.parse(
    JSON.stringify({
      features: Object.fromEntries([...features].map(([name, value]) => [name, valueOutput(value)])),
      label: Object.fromEntries([...label].map(([name, value]) => [name, valueOutput(value)])),
      texts,
    }),
  ) as RecordOutput;
}

async function write(name: string, records: readonly Uint8Array[]): Promise<string> {
  const path = folder.file(name);
  const writer = await openRecordIOWriter(path, { escapeMagic: false });
  for (const record of records) await writer.write(record);
  await writer.close();
  return path;
}

describe.skipIf(missing !== undefined)('recordpipe reads records of the SageMaker SDK', () => {
  test('dense and sparse tensors of every type round-trip byte for byte', async () => {
    const written = folder.file('written');
    const answers = ask('write', written, String(SEED));
    expect(answers.length).toBe(24);
    for (const { file, records } of answers) {
      const { payloads } = await collect(readRecordIO(join(written, file)));
      expect(payloads.length, file).toBe(40);
      for (const [i, payload] of payloads.entries()) {
        const { deterministic, ...expected } = records[i];
        const record = decodeSageMakerRecord(payload);
        expect(outputOf(record), `${file} ${i}`).toEqual(expected);
        expect(hex(encodeSageMakerRecord(record)), `${file} ${i}`).toBe(deterministic);
        expect(hex(payload), `${file} ${i}`).toBe(deterministic);
      }
    }
  });
});

describe.skipIf(missing !== undefined)('the SageMaker SDK reads records of recordpipe', () => {
  test('extreme values give the same values and the same bytes', async () => {
    const inputs: SageMakerRecordInput[] = [
      {},
      { uid: '', metadata: '{"é": "🦊"}', configuration: 'c' },
      { features: { none: { kind: 'none' }, empty: { kind: 'int32', values: [] } } },
      {
        features: {
          values: {
            kind: 'float32',
            values: [1, Number.NaN, -0, Infinity],
            keys: [0, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n],
            shape: [2n ** 32n, 2n ** 32n],
          },
          doubles: { kind: 'float64', values: [5e-324, Number.NaN, -Infinity, 0.1], shape: [2, 2] },
          'é🦊\uffff': { kind: 'int32', values: [0, -1, 2 ** 31 - 1, -(2 ** 31), 127, 128] },
        },
        label: {
          values: { kind: 'bytes', values: ['grüß', '', Uint8Array.of(255, 0)], contentType: 'text/plain' },
          empty: { kind: 'bytes', values: [], contentType: '' },
        },
      },
    ];
    const ours = inputs.map((input) => encodeSageMakerRecord(input));
    const [{ records }] = ask('read', await write('ours.rec', ours));
    expect(records.length).toBe(ours.length);
    for (const [i, { deterministic, ...expected }] of records.entries()) {
      expect(outputOf(decodeSageMakerRecord(ours[i], { uint64: 'bigint' }))).toEqual(expected);
      expect(hex(ours[i])).toBe(deterministic);
    }
  });
});
