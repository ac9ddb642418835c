import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { cli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';
import { shuffledOrder } from '../transform/oracle-keys.ts';

const temp = tempDir();
const frames = Array.from({ length: 500 }, (_, i) => encodeTFRecord(Buffer.from(String(i))));
const source = temp.file('in.tfrecord', concat(frames));

/** Returns the first `count` shuffled records, in their original order. */
function drawn(seed: number, count: number): Buffer {
  const order = shuffledOrder(seed, frames.length).slice(0, count);
  return Buffer.from(concat(order.sort((a, b) => a - b).map((i) => frames[i])));
}

test.each([0, 1, 20, 499, 500, 10_000])(
  'sample -n %i selects exactly that number, if available',
  async (count) => {
    const { code, bytes, stderr } = await cli(['sample', source, '-', '-n', String(count), '--seed', '3']);
    expect(code).toBe(0);
    expect(bytes).toEqual(drawn(3, count));
    expect(stderr).toContain('sampled from 500 with seed 3');
  },
);

test('sample from a pipe selects the same records', async () => {
  const { bytes } = await cli(['sample', '-', '-', '-n', '20', '--seed', '3'], { input: concat(frames) });
  expect(bytes).toEqual(drawn(3, 20));
});

test('sample --fraction selects about that share', async () => {
  const { stdout } = await cli(['sample', source, temp.file('some.rec'), '--fraction', '0.5', '--json']);
  const { output, of } = JSON.parse(stdout) as { output: { records: number }; of: number };
  expect(of).toBe(500);
  expect(Math.abs(output.records - 250)).toBeLessThan(60);
});

test('sample --fraction accepts an exponent', async () => {
  const sampled = async (fraction: string) =>
    (await cli(['sample', source, '-', '--fraction', fraction, '--seed', '5'])).bytes;
  expect(await sampled('2.5e-1')).toEqual(await sampled('0.25'));
});

test.each([[[]], [['-n', '1', '--fraction', '0.5']], [['--fraction', '2']], [['-n', '-1']]])(
  '%j: exit code 2',
  async (way) => {
    expect((await cli(['sample', source, '-', ...way])).code).toBe(2);
  },
);
