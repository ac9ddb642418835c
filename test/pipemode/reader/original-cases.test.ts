import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PipeModeDataset, PipeModeError, type RecordFormatName } from '../../../src/pipemode/index.ts';
import { sha256 } from '../../support/golden.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { channelPlace, fixturePath, makePipes, writeInto } from './channel-place.ts';

/**
 * Results of the original (fixtures/pipemode/original.json). Lists of more than 40 records are
 * stored as their length and a hash of their hashes.
 */
interface Original {
  readonly records?:
    | readonly { readonly length: number; readonly sha256?: string; readonly unstable?: true }[]
    | number;
  readonly sha256OfHashes?: string;
  readonly error?: string;
  readonly died?: string;
  readonly state?: string;
}

interface Outcome {
  readonly hashes: string[];
  readonly lengths: number[];
  readonly error: unknown;
  readonly state: string | undefined;
}

const originals = Object.entries(
  JSON.parse(readFileSync(fixturePath('original.json'), 'utf8')) as Record<string, Original>,
).map(([title, original]) => {
  const [name, format, skip] = title.split(' ') as [string, RecordFormatName, string];
  return { title, file: fixturePath(`${name}.bin`), format, skip: Number(skip.slice(5)), original };
});

let turn = 0;

async function read(
  file: string,
  format: RecordFormatName,
  skip: number,
  compat?: 'sagemaker',
): Promise<Outcome> {
  const place = channelPlace();
  // Most cases read a regular file without a lock, because a pipe and a lock take three processes.
  const isWhole = DOES_ALL_RUNS || turn++ % 10 === 0;
  if (isWhole) {
    makePipes(place.pipe(0));
    writeInto(place.pipe(0), file);
  } else symlinkSync(file, place.pipe(0));
  const dataset = new PipeModeDataset('train', {
    ...place.dirs,
    lock: isWhole ? 'flock' : 'none',
    recordFormat: format,
    maxCorruptedRecordsToSkip: skip,
    compat,
  });
  const hashes: string[] = [];
  const lengths: number[] = [];
  let error: unknown;
  try {
    for await (const record of dataset) {
      hashes.push(sha256(record));
      lengths.push(record.length);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { hashes, lengths, error, state: place.state() };
}

/** The comparable part of the original's records and of ours. */
function comparable(original: Original, { hashes, lengths }: Outcome): [unknown, unknown] {
  if (typeof original.records !== 'number') {
    const records = original.records ?? [];
    const stable = (hash: string | undefined, i: number): string | undefined =>
      records[i]?.unstable ? undefined : hash;
    return [
      records.map(({ length, sha256: hash }, i) => [length, stable(hash, i)]),
      hashes.map((hash, i) => [lengths[i], stable(hash, i)]),
    ];
  }
  const all = createHash('sha256').update(hashes.join('')).digest('hex');
  return [
    [original.records, original.sha256OfHashes],
    [hashes.length, all],
  ];
}

test('all cases are present', () => {
  expect(originals.length).toBe(175);
});

describe("compat: 'sagemaker' matches the original", () => {
  test.concurrent.each(originals)('$title', async ({ file, format, skip, original }) => {
    const outcome = await read(file, format, skip, 'sagemaker');
    if (original.died !== undefined) {
      expect(outcome.error).toMatchObject({
        code: 'record-too-large',
        channel: 'train',
        epoch: 0,
        record: 6,
      });
      expect(outcome.state).toBe('1');
      return;
    }
    const [theirs, ours] = comparable(original, outcome);
    expect(ours).toEqual(theirs);
    expect(outcome.error instanceof PipeModeError).toBe(original.error !== undefined);
    if (outcome.error !== undefined) expect(outcome.error).toBeInstanceOf(PipeModeError);
    expect(outcome.state).toBe(original.state);
  });
});

/** Cases in which the original hides damage, with our error after the valid records. */
const HIDDEN: Readonly<Record<string, { code: string; records: number }>> = {
  'recordio-eof-between-parts RecordIO skip=0': { code: 'truncated-record', records: 2 },
  'recordio-lone-middle-part RecordIO skip=0': { code: 'unexpected-part', records: 2 },
  'recordio-truncated-header RecordIO skip=0': { code: 'truncated-header', records: 2 },
  'recordio-truncated-payload RecordIO skip=0': { code: 'truncated-record', records: 2 },
  'truncated-footer TFRecord skip=1': { code: 'truncated-record', records: 3 },
  'truncated-footer TFRecord skip=3': { code: 'truncated-record', records: 3 },
  'truncated-payload TFRecord skip=1': { code: 'truncated-record', records: 3 },
  'truncated-payload TFRecord skip=3': { code: 'truncated-record', records: 3 },
};

describe('by default all damage is reported', () => {
  test.concurrent.each(originals)('$title', async ({ title, file, format, skip, original }) => {
    const outcome = await read(file, format, skip);
    const hidden = HIDDEN[title];
    if (original.died !== undefined) {
      expect(outcome.error).toMatchObject({ code: 'record-too-large', channel: 'train', epoch: 0 });
      return;
    }
    if (hidden !== undefined) {
      expect(outcome.error).toMatchObject({ code: hidden.code, channel: 'train', epoch: 0 });
      const theirs = (original.records as readonly { sha256: string }[]).slice(0, hidden.records);
      expect(outcome.hashes).toEqual(theirs.map((record) => record.sha256));
      return;
    }
    const [theirs, ours] = comparable(original, outcome);
    expect(ours).toEqual(theirs);
    expect(outcome.error !== undefined).toBe(original.error !== undefined);
    expect(outcome.state).toBe('1');
  });
});
