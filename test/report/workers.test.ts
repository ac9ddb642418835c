import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { countFiles, type FileReport, type ValidateReport, validateFiles } from 'recordpipe/report';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/framing/index.ts';
import { workerLane } from '../../src/report/worker-lane.ts';
import { FIXTURES } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1, 3]));
const pattern = `${fileURLToPath(FIXTURES)}*.bin`;

test('workers find the same as this thread', async () => {
  const told: FileReport[] = [];
  const here = await validateFiles(pattern, { jobs: 1 });
  const there = await validateFiles(pattern, { jobs: 3, onFile: (file) => told.push(file) });
  expect(timeless(there)).toEqual(timeless(here));
  expect(timeless(await validateFiles(pattern, { jobs: 2, blocking: true }))).toEqual(timeless(here));
  expect(told).toHaveLength(there.files.length);
  expect(told).toEqual(expect.arrayContaining([...there.files]));
  expect(await countFiles(pattern, { jobs: 3 })).toEqual(await countFiles(pattern, { jobs: 1 }));
});

test('onFile reports each file as soon as it is done, not after slower ones', async () => {
  const order: string[] = [];
  const slow = temp.file('a-slow.tfrecord', concat(Array(300).fill(encodeTFRecord(new Uint8Array(100_000)))));
  const { files } = await validateFiles([slow, bad], { jobs: 2, onFile: ({ uri }) => order.push(uri) });
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

test('the process ends by itself behind a run', () => {
  const script = `
    import { validateFiles } from 'recordpipe/report';
    const { totals } = await validateFiles(${JSON.stringify(pattern)}, { jobs: 2 });
    process.stdout.write(String(totals.files > 20));`;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    timeout: 20_000,
  });
  expect(run).toMatchObject({ status: 0, signal: null });
  expect(run.stdout.toString()).toBe('true');
});

test('a worker that dies costs its file, and no other', async () => {
  const reading = { compression: 'auto', payloadCrc: 'crc32c', maxRecordBytes: 1 } as const;
  const more = { onTruncated: 'error', trailing: 'error', recover: 'none' } as const;
  const task = { check: 'validate', maxErrors: 1, blocking: true, reading: { ...reading, ...more } } as const;
  const lane = workerLane(task, new URL('../support/dying-worker.mjs', import.meta.url));
  const run = (path: string): Promise<FileReport> => lane.run({ path }, () => {});
  expect(await run('one')).toMatchObject({ uri: 'one', ok: true });
  expect(await run('exit')).toMatchObject({
    uri: 'exit',
    ok: false,
    unreadable: true,
    errors: [{ code: 'io-failure', message: expect.stringContaining('died') }],
  });
  expect(await run('two')).toMatchObject({ uri: 'two', ok: true });
  expect((await run('throw')).errors[0].message).toContain('out of luck');
  expect(await run('three')).toMatchObject({ uri: 'three', ok: true });
  const hanging = run('hang');
  await Promise.all([expect(hanging).rejects.toMatchObject({ code: 'aborted' }), lane.close()]);
  await expect(run('late')).rejects.toMatchObject({ code: 'aborted' });
});

function timeless(report: ValidateReport): object {
  return { ...report, files: report.files.map((file) => ({ ...file, seconds: 0 })) };
}
