import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeRecordIO, encodeTFRecord } from '../../../src/index.ts';
import { PipeModeDataset, type PipeModeState, type RecordFormatName } from '../../../src/pipemode/index.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { type ChannelPlace, channelPlace, ended, makePipes, writeInto } from './channel-place.ts';

const ENCODERS: Record<RecordFormatName, (record: Uint8Array) => Uint8Array> = {
  RecordIO: (record) => encodeRecordIO(record),
  TFRecord: encodeTFRecord,
  TextLine: (record) => Buffer.concat([record, Buffer.from('\n')]),
};
const records: readonly Uint8Array[] = Array.from({ length: 3000 }, (_, i) =>
  Buffer.from(`${i} `.repeat(i % 60)),
);

/**
 * Starts a process that writes an epoch. End it before starting the next one, because its bytes
 * would come first.
 */
function serve(place: ChannelPlace, epoch: number, bytes: Uint8Array): ChildProcess {
  const file = `${place.root}/epoch`;
  writeFileSync(file, bytes);
  return writeInto(place.pipe(epoch), file);
}

/** Reads `count` records and leaves. @returns the position */
async function readSome(dataset: PipeModeDataset, count: number): Promise<PipeModeState> {
  const iterator = dataset.iterate();
  for (let i = 0; i < count; i++) await iterator.next();
  const state = JSON.parse(JSON.stringify(dataset.state())) as PipeModeState;
  await iterator.return();
  return state;
}

/** Numbers of records after which a reader leaves. */
const COUNTS = [1, 17, 1234, 2999, 3000];

for (const [i, recordFormat] of (['RecordIO', 'TFRecord', 'TextLine'] as const).entries()) {
  const counts = COUNTS.filter((_, at) => DOES_ALL_RUNS || at % 3 === i);
  const bytes = Buffer.concat(records.map(ENCODERS[recordFormat]));
  test(`${recordFormat}: an epoch resumes at any position`, async () => {
    for (const count of counts) {
      const place = channelPlace();
      makePipes(place.pipe(0), place.pipe(1));
      const writer = serve(place, 0, bytes);
      const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat });
      const state = await readSome(dataset, count);
      expect(state).toMatchObject({ channel: 'train', epoch: 0, recordsRead: count });
      await ended(writer);
      serve(place, 0, bytes);
      const other = new PipeModeDataset('train', { ...place.dirs, recordFormat });
      const resumed = other.resume(state);
      expect(
        Buffer.compare(Buffer.concat(await resumed.toArray()), Buffer.concat(records.slice(count))),
      ).toBe(0);
      expect(other.state()).toMatchObject({ epoch: 0, recordsRead: 3000, bytesRead: bytes.length });
      expect(place.state()).toBe('1');
      serve(place, 1, bytes);
      expect(await resumed.count()).toBe(3000);
      expect(place.state()).toBe('2');
    }
  });
}

test('a stream that differs from the earlier run is rejected', async () => {
  const place = channelPlace();
  const bytes = Buffer.concat(records.map((record) => encodeRecordIO(record)));
  makePipes(place.pipe(0));
  const writer = serve(place, 0, bytes);
  const dataset = new PipeModeDataset('train', { ...place.dirs, openTimeoutMs: 100 });
  const state = await readSome(dataset, 100);
  await ended(writer);
  const refuse = async (other: Uint8Array, message: RegExp): Promise<void> => {
    const again = serve(place, 0, other);
    await expect(dataset.resume(state).count()).rejects.toMatchObject({
      code: 'not-resumable',
      epoch: 0,
      message: expect.stringMatching(message),
    });
    await ended(again);
  };
  await refuse(
    Buffer.concat(records.slice(0, 50).map((record) => encodeRecordIO(record))),
    /the stream has 50 records, but the earlier run read 100/,
  );
  const longer = [...records];
  longer[5] = Buffer.alloc(999);
  await refuse(Buffer.concat(longer.map((record) => encodeRecordIO(record))), /starts at byte/);
  const swapped = [...records];
  [swapped[39], swapped[99]] = [swapped[99], swapped[39]];
  await refuse(
    Buffer.concat(swapped.map((record) => encodeRecordIO(record))),
    /record 99 differs from the earlier run/,
  );
  await expect(dataset.resume({ ...state, epoch: 5 }).count()).rejects.toMatchObject({
    code: 'not-resumable',
  });
  expect(() => dataset.resume({ ...state, channel: 'test' })).toThrow(/belongs to channel test/);
  expect(() => dataset.resume({ ...state, recordsRead: -1 })).toThrow(
    /expected a value returned by state\(\)/,
  );
  expect(() => dataset.resume({} as PipeModeState)).toThrow();
  for (const other of [null, 'state', 3])
    expect(() => dataset.resume(other as never)).toThrow(
      expect.objectContaining({ code: 'malformed-state' }),
    );
});

test('resumes in the next pipe, as after a restart of the job', async () => {
  const place = channelPlace();
  const bytes = Buffer.concat(records.map((record) => encodeRecordIO(record)));
  for (const epoch of [0, 1]) writeFileSync(place.pipe(epoch), bytes);
  const dataset = new PipeModeDataset('train', place.dirs);
  const state = await readSome(dataset, 2500);
  expect(await dataset.resume(state, { from: 'next' }).count()).toBe(500);
  expect(dataset.state()).toMatchObject({ epoch: 1, recordsRead: 3000 });
  expect(place.state()).toBe('2');
});
