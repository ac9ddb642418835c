// The cases of sagemaker_tensorflow's own unit tests, in Python and C++, applied to our dataset.
// fixtures/original.json contains the observed behavior of the original; these cases contain the
// behavior that its authors specify.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { encodeTFRecord } from '../../../src/index.ts';
import { PipeModeDataset, PipeModeError } from '../../../src/pipemode/index.ts';
import { ChannelIndex } from '../../../src/pipemode/reader/channel-index.ts';
import { reserveEpoch, waitForPipe } from '../../../src/pipemode/reader/take-epoch.ts';
import { DOES_ALL_RUNS, randomRuns } from '../../support/random-runs.ts';
import { type ChannelPlace, channelPlace } from './channel-place.ts';
import { joined, MODES, type Options, outcome, part, servePipe, text, utf8 } from './original-case.ts';

const recordIO = (...texts: string[]): Uint8Array => joined(texts.map((one) => part(utf8(one))));

/**
 * Ways to provide an epoch. The original's tests use files in place of pipes and read them in steps
 * of 4 bytes.
 */
const ALL_WAYS: readonly [string, (place: ChannelPlace, epoch: number, bytes: Uint8Array) => unknown][] = [
  ['a file', (place, epoch, bytes) => writeFileSync(place.pipe(epoch), bytes)],
  ['a pipe in pieces', (place, epoch, bytes) => servePipe(place, epoch, bytes, { pieceBytes: 4 })],
  ['a pipe', (place, epoch, bytes) => servePipe(place, epoch, bytes)],
];
/** A whole pipe takes as long as a pipe in pieces, and tests less. */
const WAYS = DOES_ALL_RUNS ? ALL_WAYS : ALL_WAYS.slice(0, 2);
const MANY_RECORDS = randomRuns(2_000_000);

function thrown(call: () => unknown): unknown {
  try {
    return void call();
  } catch (error) {
    return error;
  }
}

describe('the constructor', () => {
  test("accepts the original's option names, and creates the state folder", async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), encodeTFRecord(utf8('bear')));
    const dataset = new PipeModeDataset('train', {
      record_format: 'TFRecord',
      state_dir: `${place.root}/a/b`,
      pipe_dir: place.pipeDir,
      config_dir: place.configDir,
      benchmark: false,
      benchmark_records_interval: 0,
      max_corrupted_records_to_skip: 3,
    });
    expect(existsSync(`${place.root}/a/b`)).toBe(true);
    expect(await dataset.map(text).toArray()).toEqual(['bear']);
  });

  test('rejects an unknown channel, and, unlike the original, an invalid name', () => {
    const place = channelPlace('A');
    for (const [, compat] of MODES) {
      const make = (channel: string) => thrown(() => new PipeModeDataset(channel, { ...place.dirs, compat }));
      expect(make('B')).toMatchObject({ code: 'unknown-channel' });
      expect(make('Not A Channel')).toBeInstanceOf(UsageError);
      expect(make('A')).toBe(undefined);
    }
  });

  test('rejects a channel that is not in Pipe mode, in any letter case', () => {
    const place = channelPlace();
    const make = () => thrown(() => new PipeModeDataset('train', place.dirs));
    for (const config of [{}, { TrainingInputMode: '' }, { TrainingInputMode: 'File' }]) {
      place.configure({ train: config });
      expect(make()).toMatchObject({ code: 'not-a-pipe-channel' });
    }
    for (const TrainingInputMode of ['Pipe', 'pipe', 'PIPE']) {
      place.configure({ train: { TrainingInputMode } });
      expect(make()).toBe(undefined);
    }
  });

  test('rejects a budget for corrupted records without checksums, and unknown formats', () => {
    const { dirs } = channelPlace();
    const make = (options: object) => thrown(() => new PipeModeDataset('train', { ...dirs, ...options }));
    for (const record_format of ['RecordIO', 'TextLine', 'Protobuf', 'recordio'])
      expect(make({ record_format, max_corrupted_records_to_skip: 1 })).toBeInstanceOf(UsageError);
    expect(make({ record_format: 'Protobuf' })).toBeInstanceOf(UsageError);
    expect(make({ record_format: 'TFRecord', max_corrupted_records_to_skip: 1 })).toBe(undefined);
  });

  test('requires the configuration', () => {
    const { dirs, root } = channelPlace();
    expect(thrown(() => new PipeModeDataset('train', { ...dirs, configDir: root }))).toMatchObject({
      code: 'not-found',
    });
  });
});

describe.each(MODES)('the dataset, %s', (_, compat) => {
  const open = (place: ChannelPlace, options: Options = {}): PipeModeDataset =>
    new PipeModeDataset('train', { ...place.dirs, compat, ...options });

  test.each([
    ['one record', ['bear']],
    ['several records', ['bunny', 'caterpillar']],
    ['a record of a million bytes', ['a'.repeat(1_000_000)]],
  ])('yields %s', async (_name, records) => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), recordIO(...records));
    expect(await outcome(open(place))).toEqual({ records, error: undefined });
  });

  test('reports bytes that are not records', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'ten  bytes');
    const { records, error } = await outcome(open(place));
    expect(records).toEqual([]);
    expect(error).toBeInstanceOf(PipeModeError);
    expect(error).toMatchObject({ code: 'bad-magic', channel: 'train', epoch: 0, record: 0, offset: 0 });
  });

  test('ends after the last record, and stays ended', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), recordIO('bear', 'bunny', 'truck'));
    const iterator = open(place).iterate();
    for (const expected of ['bear', 'bunny', 'truck'])
      expect(text((await iterator.next()).value)).toBe(expected);
    for (let again = 0; again < 3; again++) expect((await iterator.next()).done).toBe(true);
    expect(place.state()).toBe('1');
  });

  test('reads the next pipe with its next iterator, including one created later', async () => {
    const place = channelPlace();
    const dataset = open(place);
    writeFileSync(place.pipe(0), recordIO('bear'));
    expect((await outcome(dataset)).records).toEqual(['bear']);
    writeFileSync(place.pipe(1), recordIO('bunny', 'piano', 'caterpillar'));
    expect((await outcome(dataset)).records).toEqual(['bunny', 'piano', 'caterpillar']);
    expect(place.state()).toBe('2');
  });

  test.each([
    [1, 3],
    [0, 0],
  ])(
    'with benchmark_records_interval %d: %d lines on standard output for a record',
    async (interval, expected) => {
      const place = channelPlace();
      writeFileSync(place.pipe(0), recordIO('bear'));
      const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      try {
        const iterator = open(place, { benchmark_records_interval: interval }).iterate();
        expect(text((await iterator.next()).value)).toBe('bear');
        const lines = write.mock.calls
          .map(([line]) => String(line))
          .filter((line) => /Iterator records/.test(line));
        expect(lines.length).toBe(expected);
        await iterator.return();
      } finally {
        write.mockRestore();
      }
    },
  );
});

describe.each(MODES)('the index of the next pipe, %s', (_, compat) => {
  function indexOf({ stateDir }: ChannelPlace, channel = 'some_channel'): ChannelIndex {
    mkdirSync(stateDir, { recursive: true });
    return new ChannelIndex(channel, {
      stateDir,
      lock: 'flock',
      lockTimeoutMs: 5000,
      lenient: compat !== undefined,
    });
  }

  async function now(index: ChannelIndex): Promise<number> {
    let seen = -1;
    await index.update(undefined, async (value) => {
      seen = value;
      return undefined;
    });
    return seen;
  }

  test('is 0 at first, and in a file afterwards', async () => {
    const place = channelPlace();
    expect(place.state('some_channel')).toBe(undefined);
    expect(await now(indexOf(place))).toBe(0);
    expect(place.state('some_channel')).toBe('0');
    expect(existsSync(place.lockPath('some_channel'))).toBe(true);
  });

  test('is incremented by one, and, unlike in the original, returned', async () => {
    const index = indexOf(channelPlace());
    expect(await reserveEpoch(index, undefined)).toBe(0);
    expect(await now(index)).toBe(1);
  });

  test('outlives its reader', async () => {
    const place = channelPlace();
    await reserveEpoch(indexOf(place), undefined);
    expect(await now(indexOf(place))).toBe(1);
  });

  test('is separate for each channel', async () => {
    const place = channelPlace();
    const [one, other] = [indexOf(place), indexOf(place, 'some_other_channel')];
    await reserveEpoch(other, undefined);
    expect([await now(one), await now(other)]).toEqual([0, 1]);
    expect([place.state('some_channel'), place.state('some_other_channel')]).toEqual(['0', '1']);
  });

  test('is not touched by creating a dataset: the original creates its files immediately, ours with the first iteration', () => {
    const place = channelPlace();
    new PipeModeDataset('train', { ...place.dirs, compat });
    expect(place.state()).toBe(undefined);
  });
});

describe.each(MODES)('opening a pipe, %s', (_, compat) => {
  const open = (place: ChannelPlace, options: Options = {}): PipeModeDataset =>
    new PipeModeDataset('train', { ...place.dirs, compat, recordFormat: 'TextLine', ...options });

  test.each(WAYS)('reads to the end, and no further: %s', async (_way, serve) => {
    const place = channelPlace();
    serve(place, 0, utf8('abc'));
    const iterator = open(place).iterate();
    expect(text((await iterator.next()).value)).toBe('abc');
    expect((await iterator.next()).done).toBe(true);
    expect((await iterator.next()).done).toBe(true);
  });

  test('opens an existing pipe at once, and waits for a missing one until the timeout', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'abc');
    await waitForPipe(place.pipe(0), 2000, undefined);
    await expect(waitForPipe(place.pipe(1), 60, undefined)).rejects.toMatchObject({ code: 'pipe-timeout' });
  });

  test('a pipe that never appears is an error with the first record; its index is lost only in compat mode', async () => {
    const place = channelPlace();
    const dataset = open(place, { openTimeoutMs: 60 });
    const { records, error } = await outcome(dataset);
    expect(records).toEqual([]);
    expect(error).toMatchObject({ code: 'pipe-timeout', channel: 'train', uri: place.pipe(0) });
    writeFileSync(place.pipe(0), 'late');
    writeFileSync(place.pipe(1), 'next');
    expect((await outcome(dataset)).records).toEqual([compat === undefined ? 'late' : 'next']);
  });
});

describe.each(MODES)('reading formats, %s', (_, compat) => {
  describe.each(WAYS)('from %s', (_way, serve) => {
    const read = (bytes: Uint8Array, options: Options = {}): ReturnType<typeof outcome> => {
      const place = channelPlace();
      serve(place, 0, bytes);
      return outcome(new PipeModeDataset('train', { ...place.dirs, lock: 'none', compat, ...options }));
    };

    test('RecordIO: no magic number', async () => {
      const { records, error } = await read(utf8('eighteen bytes txt'));
      expect(records).toEqual([]);
      expect(error).toMatchObject({ code: 'bad-magic', record: 0, offset: 0 });
    });

    test.each([[['twenty-six bytes, and so on']], [['abcd0', 'abcd1']]])(
      'RecordIO: padded with spaces, %j',
      async (records) => {
        const bytes = joined(records.map((record) => part(utf8(record), 0, ' ')));
        expect(await read(bytes)).toEqual({ records, error: undefined });
      },
    );

    test.each([[['hello']], [['hello', 'world']]])('TFRecord: %j', async (records) => {
      const bytes = joined(records.map((record) => encodeTFRecord(utf8(record))));
      expect(await read(bytes, { recordFormat: 'TFRecord' })).toEqual({ records, error: undefined });
    });

    test('TFRecord: not a record', async () => {
      const { records, error } = await read(utf8('twelve bytes'), { recordFormat: 'TFRecord' });
      expect(records).toEqual([]);
      expect(error).toMatchObject({ code: 'length-checksum', record: 0, offset: 0 });
    });

    const [hello, world] = ['hello', 'world'].map((one) => encodeTFRecord(utf8(one)));
    const bad = world.slice();
    bad[bad.length - 1] = 'x'.charCodeAt(0);

    test('TFRecord: a corrupted record, without a budget', async () => {
      const { records, error } = await read(joined([hello, bad]), { recordFormat: 'TFRecord' });
      expect(records).toEqual(['hello']);
      expect(error).toMatchObject({ code: 'data-checksum', record: 1, offset: hello.length });
    });

    test('TFRecord: three corrupted records in a row are skipped, the fourth is an error', async () => {
      const skipped: string[] = [];
      const bytes = joined([hello, bad, bad, bad, world, bad, bad, bad, bad]);
      const { records, error } = await read(bytes, {
        recordFormat: 'TFRecord',
        maxCorruptedRecordsToSkip: 3,
        onCorrupt: (corrupted) => skipped.push(`${corrupted.code} ${corrupted.record}`),
      });
      expect(records).toEqual(['hello', 'world']);
      expect(error).toMatchObject({ code: 'data-checksum', record: 8, offset: 8 * hello.length });
      expect(skipped).toEqual([1, 2, 3, 5, 6, 7].map((record) => `data-checksum ${record}`));
    });

    // The original's reader accepts any delimiter, but its dataset passes a line feed, and ours
    // always uses one.
    test.each([
      ['abc\ndef', ['abc', 'def']],
      ['abc', ['abc']],
      ['abc\n', ['abc']],
      ['abc\n\ndef', ['abc', '', 'def']],
      ['\n', ['']],
      ['', []],
    ])('TextLine: %j', async (bytes, records) => {
      expect(await read(utf8(bytes), { recordFormat: 'TextLine' })).toEqual({ records, error: undefined });
    });
  });

  test('RecordIO: two records of two million bytes', async () => {
    const place = channelPlace();
    const payload = new Uint8Array(2_000_000).fill(0x53);
    servePipe(place, 0, joined([part(payload), part(payload)]));
    const records = await new PipeModeDataset('train', { ...place.dirs, compat }).toArray();
    expect(records.map((record) => Buffer.compare(record, payload))).toEqual([0, 0]);
  });

  test(`RecordIO: ${MANY_RECORDS} records of two bytes`, async () => {
    const place = channelPlace();
    const one = part(utf8('SS'), 0, ' ');
    const bytes = new Uint8Array(MANY_RECORDS * one.length);
    for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at);
    servePipe(place, 0, bytes);
    let records = 0;
    let others = 0;
    for await (const record of new PipeModeDataset('train', { ...place.dirs, compat })) {
      records++;
      if (record.length !== 2 || record[0] !== 0x53 || record[1] !== 0x53) others++;
    }
    expect([records, others]).toEqual([MANY_RECORDS, 0]);
  });
});
