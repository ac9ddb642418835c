import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRecordWriter } from '../../src/records/write/index.ts';
import { cli } from '../support/cli.ts';
import { type EveryMessage, everyRecord } from '../support/every-example.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart, runPython } from './counterpart.ts';

/** Number of Examples. 1,000,000 take several minutes. */
const EXAMPLES = Number(process.env['RECORDPIPE_TABLE_RECORDS'] ?? 10_000);
const COUNTS: { readonly [message in EveryMessage]: number } = {
  Example: EXAMPLES,
  SequenceExample: Math.ceil(EXAMPLES / 10),
  Record: Math.ceil(EXAMPLES / 10),
};
const missing = missingCounterpart('tensorflow');
const folder = tempDir();
const limit = 300_000 + EXAMPLES * 10;

/** Writes a file of records of all kinds, as TFRecord or, for Records, as recordio-protobuf. */
async function recordsFile(message: EveryMessage): Promise<string> {
  const format = message === 'Record' ? 'recordio' : 'tfrecord';
  const path = join(folder.path, `${message}.${format === 'recordio' ? 'rec' : 'tfrecord'}`);
  const writer = await openRecordWriter(path, { format, overwrite: true });
  for (let i = 0; i < COUNTS[message]; i++) await writer.write(everyRecord(message, i));
  await writer.close();
  return path;
}

async function converted(input: string, output: string): Promise<string> {
  const { code, stderr } = await cli(['convert', input, output, '--quiet', '--force']);
  expect([code, stderr]).toEqual([0, '']);
  return output;
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

interface Compared {
  readonly way: string;
  readonly rows: number;
  readonly values: number;
}

function python(...args: string[]): Compared[] {
  return runPython('tensorflow', 'tables.py', ...args).map((line) => JSON.parse(line) as Compared);
}

describe.each(['Example', 'SequenceExample', 'Record'] as const)('%s', (message) => {
  test(
    'Parquet and Arrow restore identical files, and Python reads the values that TensorFlow reads',
    async () => {
      const input = await recordsFile(message);
      const extension = input.slice(input.lastIndexOf('.'));
      const tables: string[] = [];
      for (const kind of ['parquet', 'arrow']) {
        const table = await converted(input, join(folder.path, `${message}.${kind}`));
        const restored = await converted(table, join(folder.path, `${message}-${kind}${extension}`));
        expect(await digest(restored)).toBe(await digest(input));
        tables.push(table);
      }
      if (message === 'Record' || missing !== undefined) return;
      const compared = python('compare', message, input, ...tables);
      expect(compared.map(({ way, rows }) => [way, rows])).toEqual(
        tables.flatMap((table) =>
          ['pyarrow', 'duckdb'].map((way) => [
            `${way} ${table.slice(folder.path.length + 1)}`,
            COUNTS[message],
          ]),
        ),
      );
      for (const { values } of compared) expect(values).toBeGreaterThan(4 * COUNTS[message]);
    },
    limit,
  );
});

describe.skipIf(missing !== undefined)('tables that pyarrow and DuckDB write', () => {
  test(
    'TensorFlow reads their values from the Examples',
    async () => {
      const tables = runPython('tensorflow', 'tables.py', 'make', folder.path);
      for (const table of tables) await converted(table, `${table}.tfrecord`);
      const compared = python('check', ...tables);
      expect(compared.map(({ way, rows }) => [way, rows])).toEqual(tables.map((table) => [table, 1000]));
    },
    limit,
  );
});
