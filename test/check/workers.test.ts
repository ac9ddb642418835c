import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { countFiles, type FileReport, type ValidateReport, validateFiles } from 'recordpipe/check';
import { describe, expect, test } from 'vitest';
import type { FileChecker } from '../../src/check/file-checker.ts';
import { workerChecker } from '../../src/check/file-workers.ts';
import { RangedFile } from '../../src/check/ranges/ranged-file.ts';
import { RecordpipeError, UsageError } from '../../src/errors.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { packError, unpackError } from '../../src/records/workers/serve-jobs.ts';
import { FIXTURES } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1, 3]));
const pattern = `${fileURLToPath(FIXTURES)}*.bin`;

test('workers and this thread produce the same report', async () => {
  const reported: FileReport[] = [];
  const here = await validateFiles(pattern, { jobs: 1 });
  const there = await validateFiles(pattern, { jobs: 3, onFile: (file) => reported.push(file) });
  expect(timeless(there)).toEqual(timeless(here));
  expect(timeless(await validateFiles(pattern, { jobs: 2, blocking: true }))).toEqual(timeless(here));
  expect(reported).toHaveLength(there.files.length);
  expect(reported).toEqual(expect.arrayContaining([...there.files]));
  expect(await countFiles(pattern, { jobs: 3 })).toEqual(await countFiles(pattern, { jobs: 1 }));
});

test('onFile reports each file as soon as it is finished, not after slower ones', async () => {
  const order: string[] = [];
  // A pipe whose data arrives only after the other file has been reported.
  const slow = temp.file('a-slow');
  execFileSync('mkfifo', [slow]);
  const onFile = ({ uri }: FileReport): void => {
    order.push(uri);
    if (uri === bad) writeFileSync(slow, FILE);
  };
  const { files } = await validateFiles([slow, bad], { jobs: 2, onFile });
  expect(order).toEqual([bad, slow]);
  expect(files.map(({ uri }) => uri)).toEqual([slow, bad]);
});

test.each([1, 2])('onFinding reports findings before their file is done (%d jobs)', async (jobs) => {
  const events: string[] = [];
  const { files } = await validateFiles([bad, good], {
    jobs,
    maxErrors: 1,
    onFinding: ({ uri, code, record }) => events.push(`${uri === bad} ${code} ${record}`),
    onFile: ({ uri }) => events.push(uri),
  });
  expect(events.indexOf('true data-checksum 1')).toBeLessThan(events.indexOf(bad));
  expect(events).toHaveLength(3);
  expect(files[0].errorCount).toBe(2);
});

test.each([true, false])('failFast stops the workers (blocking: %s)', async (blocking) => {
  const { ok, files, totals } = await validateFiles(pattern, { jobs: 2, failFast: true, blocking });
  expect(ok).toBe(false);
  expect(totals.bad).toBe(1);
  expect(totals.notChecked).toBeGreaterThan(0);
  expect(files.length).toBe(totals.files);
});

test.each([true, false])('a signal stops the workers (blocking: %s)', async (blocking) => {
  const big = concat(Array(300).fill(encodeTFRecord(new Uint8Array(100_000))));
  const files = ['a', 'b', 'c'].map((name) => temp.file(`${name}.tfrecord`, big));
  const stop = new AbortController();
  const run = validateFiles(files, { jobs: 2, signal: stop.signal, blocking });
  setTimeout(() => stop.abort(), 1);
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
});

test('the process exits after a run', () => {
  const script = `
    import { validateFiles } from 'recordpipe/check';
    const { totals } = await validateFiles(${JSON.stringify(pattern)}, { jobs: 2 });
    process.stdout.write(String(totals.files > 20));`;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    timeout: 60_000,
  });
  expect(run).toMatchObject({ status: 0, signal: null });
  expect(run.stdout.toString()).toBe('true');
});

const reading = { compression: 'auto', payloadCrc: 'crc32c', maxRecordBytes: 1 } as const;
const more = { onTruncated: 'error', trailing: 'error', recover: 'none' } as const;
const task = { check: 'validate', maxErrors: 1, blocking: true, reading: { ...reading, ...more } } as const;
const here: FileChecker = {
  check: async ({ path }) => ({ uri: path, seconds: 1 }) as FileReport,
  checkAll: async () => {},
  checkRange: () => Promise.reject(new Error('no ranges')),
  close: async () => {},
};

function dyingWorker(): FileChecker {
  const program = new URL('../support/dying-worker.mjs', import.meta.url);
  const options = { resourceLimits: { maxOldGenerationSizeMb: 16 } };
  return workerChecker(task, 1, here, () => new Worker(program, options));
}

describe('a worker that dies', () => {
  test.each([
    [
      'exit',
      { name: 'RecordpipeError', code: 'io-failure', message: expect.stringContaining('exit code 7') },
    ],
    ['memory', { code: 'io-failure', message: expect.stringContaining('ran out of memory; use fewer jobs') }],
    ['throw', { name: 'TypeError', message: 'out of luck' }],
    ['bug', { name: 'TypeError', message: 'a bug' }],
  ])('%s: the run fails with the reason, and its files are not findings', async (path, error) => {
    const checker = dyingWorker();
    expect(await checker.check({ path: 'one' }, () => {})).toMatchObject({ uri: 'one', ok: true });
    const beside = checker.check({ path: 'hang' }, () => {});
    beside.catch(() => {});
    await expect(checker.check({ path }, () => {})).rejects.toMatchObject(error);
    if (path !== 'bug') await expect(beside).rejects.toMatchObject(error);
    await checker.close();
  });

  test('close aborts running jobs and rejects later ones', async () => {
    const checker = dyingWorker();
    const hanging = checker.check({ path: 'hang' }, () => {});
    await Promise.all([expect(hanging).rejects.toMatchObject({ code: 'aborted' }), checker.close()]);
    await expect(checker.check({ path: 'late' }, () => {})).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('a worker that dies while it checks a range ends the run, instead of another check', async () => {
  const input = { path: 'exit' };
  const plan = { format: 'tfrecord', ranges: { size: 100, rangeBytes: 52 } } as const;
  const file = new RangedFile(input, plan, task, { onProgress: () => {}, onFinding: () => {} });
  const checker = dyingWorker();
  await expect(file.help(checker, 1)).rejects.toMatchObject({ code: 'io-failure' });
  await checker.close();
});

test.each<[string, () => Worker]>([
  ['its module is missing', () => new Worker(new URL('./none.mjs', import.meta.url))],
  ['its module is another program', () => new Worker('parentPort.postMessage(1)', { eval: true })],
  ['its module has no URL', () => new Worker(new URL('./none.mjs', undefined))],
])('a worker that cannot start, as %s: files are checked on this thread', async (_, start) => {
  const checker = workerChecker(task, 1, here, start);
  const reports = await Promise.all(['a', 'b'].map((path) => checker.check({ path }, () => {})));
  expect(reports).toEqual([
    { uri: 'a', seconds: 1 },
    { uri: 'b', seconds: 1 },
  ]);
  expect(await checker.check({ path: 'c' }, () => {})).toEqual({ uri: 'c', seconds: 1 });
  await checker.close();
});

test('errors keep their class, code, location and stack between threads', () => {
  const place = { uri: 'a.tfrecord', record: 3, offset: 40, compressed: true };
  for (const error of [new RecordpipeError('data-checksum', 'wrong', place), new UsageError('jobs: wrong')]) {
    const back = unpackError(structuredClone(packError(error))) as RecordpipeError;
    expect(back).toBeInstanceOf(error.constructor);
    expect(back).toEqual(error);
    expect(back.stack).toBe(error.stack);
  }
  const uncloneable = Object.assign(new Error('no'), { cause: () => {} });
  expect(unpackError(packError(uncloneable))).toMatchObject({ message: 'Error: no' });
});

function timeless(report: ValidateReport): object {
  return { ...report, files: report.files.map((file) => ({ ...file, seconds: 0 })) };
}

test('the number of jobs is limited', async () => {
  for (const jobs of [0, 2000, 1.5])
    await expect(validateFiles(pattern, { jobs })).rejects.toThrow(
      /^jobs: expected an integer from 1 to 256/,
    );
});
