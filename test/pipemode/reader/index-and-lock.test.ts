import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { ChannelIndex, type IndexOptions } from '../../../src/pipemode/reader/channel-index.ts';
import { reserveEpoch } from '../../../src/pipemode/reader/take-epoch.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { type ChannelPlace, channelPlace, ended, start } from './channel-place.ts';
import { compile, missingProgram, program } from './programs.ts';

/** Epochs that each process takes. */
const TURNS = DOES_ALL_RUNS ? 60 : 15;

function indexOf(place: ChannelPlace, options: Partial<IndexOptions> = {}): ChannelIndex {
  mkdirSync(place.stateDir, { recursive: true });
  const { stateDir } = place;
  return new ChannelIndex('train', {
    stateDir,
    lock: 'flock',
    lockTimeoutMs: 60_000,
    lenient: false,
    ...options,
  });
}

function said(child: ReturnType<typeof start>): Promise<string> {
  return new Promise((resolve) =>
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim())),
  );
}

describe('the state file', () => {
  test('is created with 0, as plain digits without a line end', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    await index.update(undefined, async () => undefined);
    expect(place.state()).toBe('0');
    expect(await reserveEpoch(index, undefined)).toBe(0);
    expect(await reserveEpoch(index, undefined)).toBe(1);
    expect(place.state()).toBe('2');
    expect(readdirSync(place.stateDir).sort()).toEqual(['.train-pipe_mode-lock', '.train-pipe_mode-state']);
  });

  test('keeps its mode, and may have a line end', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    writeFileSync(place.statePath(), '7\n');
    chmodSync(place.statePath(), 0o640);
    expect(await reserveEpoch(index, undefined)).toBe(7);
    expect(place.state()).toBe('8');
    expect(statSync(place.statePath()).mode & 0o777).toBe(0o640);
  });

  test.each(['', 'junk', '-1', '1.5', '7 8', ' 7', '2147483648', '7\n\n'])(
    '%j is malformed',
    async (content) => {
      const place = channelPlace();
      const index = indexOf(place);
      writeFileSync(place.statePath(), content);
      await expect(reserveEpoch(index, undefined)).rejects.toMatchObject({
        code: 'malformed-state',
        uri: place.statePath(),
      });
      expect(place.state()).toBe(content);
    },
  );

  test.each([
    ['', 0],
    ['junk', 0],
    [' 12x', 12],
    ['+3', 3],
  ])("compat: 'sagemaker' reads %j as %d", async (content, expected) => {
    const place = channelPlace();
    const index = indexOf(place, { lenient: true });
    writeFileSync(place.statePath(), content);
    expect(await reserveEpoch(index, undefined)).toBe(expected);
    expect(place.state()).toBe(String(expected + 1));
  });

  test('a named pipe in its place is an error at once', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    execFileSync('mkfifo', [place.statePath()]);
    await expect(reserveEpoch(index, undefined)).rejects.toMatchObject({ code: 'unsupported-source' });
  });

  test('a failure keeps the old file, and leaves no other file', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    writeFileSync(place.statePath(), '3');
    const broken = index.update(undefined, async () => {
      throw new Error('no pipe');
    });
    await expect(broken).rejects.toThrow('no pipe');
    expect(place.state()).toBe('3');
    expect(readdirSync(place.stateDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('the lock', () => {
  test('excludes other work in this process', async () => {
    for (const lock of ['flock', 'none'] as const) {
      const place = channelPlace();
      const index = indexOf(place, { lock });
      const taken = await Promise.all(Array.from({ length: 20 }, () => reserveEpoch(index, undefined)));
      expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    }
  });

  test('works on a read-only file', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    writeFileSync(place.lockPath(), '');
    chmodSync(place.lockPath(), 0o444);
    expect(await reserveEpoch(index, undefined)).toBe(0);
  });

  test('has a timeout, and the wait can be aborted', async () => {
    const place = channelPlace();
    const index = indexOf(place, { lockTimeoutMs: 100 });
    let release: (() => void) | undefined;
    const holding = index.update(
      undefined,
      () => new Promise<undefined>((resolve) => (release = () => resolve(undefined))),
    );
    await expect.poll(() => release).toBeDefined();
    await expect(reserveEpoch(index, undefined)).rejects.toMatchObject({
      code: 'pipe-timeout',
      uri: place.lockPath(),
    });
    const patient = indexOf(place, { lockTimeoutMs: Number.POSITIVE_INFINITY });
    await expect(reserveEpoch(patient, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'aborted' });
    release?.();
    await holding;
    expect(await reserveEpoch(index, undefined)).toBe(0);
  });
});

describe.skipIf(missingProgram('python3'))('against Python', () => {
  test('each process waits while the other holds the lock', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    const holder = start('python3', program('hold-lock.py'), place.lockPath());
    expect(await said(holder)).toBe('held');
    let ours = false;
    const taken = reserveEpoch(index, undefined).then(() => (ours = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ours).toBe(false);
    holder.stdin?.end();
    await taken;

    await index.update(undefined, async () => {
      const other = start('python3', program('hold-lock.py'), place.lockPath(), '--try');
      expect(await said(other)).toBe('busy');
      return undefined;
    });
    const behind = start('python3', program('hold-lock.py'), place.lockPath(), '--try');
    expect(await said(behind)).toBe('held');
  });

  test('a killed holder releases the lock', async () => {
    const place = channelPlace();
    const holder = start('python3', program('hold-lock.py'), place.lockPath().replace('/state/', '/'));
    await said(holder);
    holder.kill('SIGKILL');
    await ended(holder);
    expect(await reserveEpoch(indexOf(place), undefined)).toBe(0);
  });
});

describe.skipIf(missingProgram('cc'))('against C', () => {
  test('no index is taken twice', async () => {
    const place = channelPlace();
    const index = indexOf(place);
    await index.update(undefined, async () => undefined);
    const turns = compile('take-turns.c');
    const others = [1, 2].map(() => start(turns, place.lockPath(), place.statePath(), String(TURNS)));
    const theirs = others.map((other) => text(other.stdout!));
    const ours: number[] = [];
    for (let i = 0; i < TURNS; i++) ours.push(await reserveEpoch(index, undefined));
    const all = [
      ...ours,
      ...(await Promise.all(theirs)).flatMap((lines) => lines.trim().split('\n').map(Number)),
    ];
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 3 * TURNS }, (_, i) => i));
    expect(place.state()).toBe(String(3 * TURNS));
  });
});

test('no program is needed to lock', async () => {
  const place = channelPlace();
  writeFileSync(place.pipe(0), '');
  const { PATH } = process.env;
  process.env['PATH'] = place.root;
  try {
    const dataset = new PipeModeDataset('train', place.dirs);
    expect(await dataset.count()).toBe(0);
    expect(place.state()).toBe('1');
  } finally {
    process.env['PATH'] = PATH;
  }
});
