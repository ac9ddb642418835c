import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { PipeModeDataset, type RecordFormatName } from '../../src/pipemode/index.ts';
import {
  type ChannelPlace,
  channelPlace,
  ended,
  fixturePath,
  makePipes,
  writeInto,
} from '../pipemode/reader/channel-place.ts';
import { sha256 } from '../support/golden.ts';
import { missingCounterpart } from './counterpart.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const python = `${root}.cache/counterparts/original/bin/python`;

interface EpochOutput {
  readonly records: readonly { readonly length: number; readonly sha256: string }[];
  readonly error: string | null;
}

const processes: { kill(signal: 'SIGKILL'): unknown }[] = [];
afterAll(() => {
  for (const one of processes) one.kill('SIGKILL');
});

/** Starts the original in its own process. It reads one epoch per call. */
async function original(
  place: ChannelPlace,
  format: RecordFormatName,
): Promise<(take?: number) => Promise<EpochOutput>> {
  mkdirSync(place.stateDir, { recursive: true });
  const program = fileURLToPath(new URL('original_epochs.py', import.meta.url));
  const child = spawn(python, ['-B', program, place.root, format], { stdio: ['pipe', 'pipe', 'ignore'] });
  processes.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return async (take) => {
    child.stdin.write(`${take ?? ''}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the original ended with ${await ended(child)}`);
    return JSON.parse(value) as EpochOutput;
  };
}

async function ours(dataset: PipeModeDataset, take = -1): Promise<EpochOutput> {
  const records: { length: number; sha256: string }[] = [];
  try {
    for await (const record of dataset.take(take))
      records.push({ length: record.length, sha256: sha256(record) });
    return { records, error: null };
  } catch {
    return { records, error: 'InternalError' };
  }
}

describe.skipIf(missingCounterpart('original') !== undefined)('the original PipeModeDataset', () => {
  test.each([
    ['TFRecord', 'tfrecord-sizes.bin'],
    ['RecordIO', 'recordio-dmlc.bin'],
    ['RecordIO', 'recordio-concat.bin'],
    ['TextLine', 'textline.bin'],
  ] as const)(
    'alternates with recordpipe on one channel, epoch by epoch: %s, %s',
    async (recordFormat, fixture) => {
      const place = channelPlace();
      const file = fixturePath(fixture);
      makePipes(...Array.from({ length: 8 }, (_, epoch) => place.pipe(epoch)));
      const theirs = await original(place, recordFormat);
      expect(place.state()).toBe('0');
      const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat });
      const faithful = new PipeModeDataset('train', { ...place.dirs, recordFormat, compat: 'sagemaker' });
      const turns = [() => theirs(), () => ours(dataset), () => ours(faithful), () => theirs()];
      const outputs: EpochOutput[] = [];
      for (let epoch = 0; epoch < 8; epoch++) {
        writeInto(place.pipe(epoch), file);
        outputs.push(await turns[epoch % 4]());
        expect(place.state()).toBe(String(epoch + 1));
      }
      expect(outputs[0].records.length).toBeGreaterThan(0);
      for (const one of outputs) expect(one).toEqual(outputs[0]);
    },
  );

  test('alternates with recordpipe when both leave epochs early', async () => {
    const place = channelPlace();
    const file = fixturePath('tfrecord-many-small.bin');
    makePipes(...[0, 1, 2, 3].map((epoch) => place.pipe(epoch)));
    const theirs = await original(place, 'TFRecord');
    const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat: 'TFRecord' });
    const outputs: EpochOutput[] = [];
    for (const [epoch, read] of [
      theirs,
      (n?: number) => ours(dataset, n),
      theirs,
      (n?: number) => ours(dataset, n),
    ].entries()) {
      writeInto(place.pipe(epoch), file);
      outputs.push(await read(5));
    }
    for (const one of outputs) expect(one).toEqual(outputs[0]);
    expect(outputs[0].records.length).toBe(5);
    expect(place.state()).toBe('4');
  });

  test('shares the lock with recordpipe, so no increment of the index is lost', async () => {
    const rounds = 40;
    const place = channelPlace();
    mkdirSync(place.stateDir, { recursive: true });
    for (let epoch = 0; epoch < 2 * rounds; epoch++) writeFileSync(place.pipe(epoch), '');
    const program = fileURLToPath(new URL('original_locking.py', import.meta.url));
    const child = spawn(python, ['-B', program, place.root, String(rounds)], { stdio: 'ignore' });
    processes.push(child);
    const dataset = new PipeModeDataset('train', place.dirs);
    for (let round = 0; round < rounds; round++) expect(await dataset.count()).toBe(0);
    expect(await ended(child)).toBe(0);
    // The original reads the index without the lock, so both may read the same pipe, but no
    // increment is lost.
    expect(readFileSync(place.statePath(), 'latin1')).toBe(String(2 * rounds));
  });

  test('shares state files with recordpipe', async () => {
    const place = channelPlace();
    mkdirSync(place.stateDir, { recursive: true });
    for (const epoch of [41, 42, 43]) writeFileSync(place.pipe(epoch), `epoch ${epoch}\n`);
    writeFileSync(place.statePath(), '41\n');
    const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat: 'TextLine' });
    const theirs = await original(place, 'TextLine');
    const expected = (epoch: number): EpochOutput => ({
      records: [{ length: 8, sha256: sha256(Buffer.from(`epoch ${epoch}`)) }],
      error: null,
    });
    expect(await ours(dataset)).toEqual(expected(41));
    expect(place.state()).toBe('42');
    expect(await theirs()).toEqual(expected(42));
    expect(await ours(dataset)).toEqual(expected(43));
    expect(place.state()).toBe('44');
  });
});
