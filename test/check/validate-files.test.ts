import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type FilesProgress, validateFiles } from '../../src/check/index.ts';
import { UsageError } from '../../src/errors.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { scanRecords } from '../../src/records/index.ts';
import { detected, fixture, goldenFiles } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, flipped, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

describe.each(goldenFiles().map(detected))('$name', (golden) => {
  const { url, bytes, format, compression, records, error, options } = golden;
  test('the report has the known findings', async () => {
    const path = fileURLToPath(url);
    const report = await validateFiles(path, { ...options, jobs: 1 });
    const [file] = report.files;
    expect(Object.keys(report)).toEqual(['ok', 'files', 'totals', 'notices']);
    expect(file).toMatchObject({
      uri: path,
      format: bytes.length === 0 ? null : format,
      ok: error === undefined,
    });
    expect(file.compression).toBe(format === null ? null : compression);
    expect(file.bytes).toBe(bytes.length);
    expect(file.seconds).toBeGreaterThanOrEqual(0);
    expect(report.ok).toBe(error === undefined);
    // A corrupt payload is skipped, so valid records may follow it.
    if (records !== undefined && error?.code !== 'data-checksum') expect(file.records).toBe(records.length);
    expect(file.errors.slice(0, 1)).toMatchObject(error === undefined ? [] : [dropKind(error)]);
    for (const finding of file.errors)
      expect(Object.keys(finding)).toEqual(['name', 'code', 'uri', 'record', 'offset', 'message']);
  });
});

const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1, 4]));

test('totals sum up the files', async () => {
  const missing = temp.file('missing.tfrecord');
  const { ok, files, totals } = await validateFiles([good, bad, missing], { jobs: 1 });
  expect(ok).toBe(false);
  expect(files.map(({ uri }) => uri)).toEqual([bad, good, missing]);
  expect(totals).toEqual({
    files: 3,
    records: 6 + 4,
    bytes: 2 * FILE.length,
    bad: 2,
    unreadable: 1,
    notChecked: 0,
    warned: 0,
  });
});

test('findings beyond maxErrors are counted but not listed', async () => {
  const { files } = await validateFiles(bad, { maxErrors: 1 });
  expect(files[0]).toMatchObject({ ok: false, records: 4, errorCount: 2 });
  expect(files[0].errors).toMatchObject([{ code: 'data-checksum', record: 1, offset: OFFSETS[1] }]);
  expect((await validateFiles(bad, { maxErrors: 0 })).files[0]).toMatchObject({
    ok: false,
    errors: [],
    errorCount: 2,
  });
});

test('failFast omits unchecked files from the report', async () => {
  const seen: string[] = [];
  const files = [temp.file('a.tfrecord', FILE), bad, good];
  const report = await validateFiles(files, { failFast: true, onFile: ({ uri }) => seen.push(uri) });
  expect(report.files.map(({ uri }) => uri)).toEqual(files.slice(0, 2));
  expect(seen).toEqual(files.slice(0, 2));
  expect(report).toMatchObject({ ok: false, totals: { files: 2, bad: 1, notChecked: 1 } });
});

test('an unreadable file has a finding and does not affect other files', async () => {
  const missing = temp.file('nowhere.tfrecord');
  const { files } = await validateFiles([missing, good], { jobs: 1 });
  expect(files[0]).toMatchObject({ ok: true });
  expect(files[1]).toMatchObject({
    uri: missing,
    compression: null,
    ok: false,
    records: 0,
    bytes: 0,
    unreadable: true,
    errors: [{ code: 'not-found', record: null, offset: null }],
  });
});

test('an empty file is valid', async () => {
  const { ok, files } = await validateFiles(temp.file('empty.tfrecord', new Uint8Array(0)));
  expect(ok).toBe(true);
  expect(files[0]).toMatchObject({ compression: 'none', records: 0, bytes: 0 });
});

test('lenient reading options apply', async () => {
  const padded = temp.file('padded.tfrecord', concat([FILE, new Uint8Array(64)]));
  expect((await validateFiles(padded)).ok).toBe(false);
  expect((await validateFiles(padded, { trailing: 'zeros-ok' })).ok).toBe(true);
  const cut = temp.file('cut.tfrecord', concat([FILE, new Uint8Array(5)]));
  expect((await validateFiles(cut)).ok).toBe(false);
  expect((await validateFiles(cut, { onTruncated: 'stop' })).ok).toBe(true);
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, OFFSETS[2]));
  expect((await validateFiles(damaged, { recover: 'scan' })).files[0]).toMatchObject({
    records: 5,
    errorCount: 1,
  });
  expect((await validateFiles(good, { maxRecordBytes: 250 })).files[0].errors).toMatchObject([
    { code: 'record-too-large', record: 3, offset: OFFSETS[3] },
  ]);
  expect((await validateFiles(good, { compression: 'gzip' })).files[0]).toMatchObject({
    compression: 'gzip',
    errors: [{ code: 'corrupt-compressed-stream' }],
  });
});

test('the report names the offset at which damage stopped the check', async () => {
  const payload = temp.file('payload.tfrecord', withBadPayloads(FILE, OFFSETS, [1]));
  const header = temp.file('header.tfrecord', flipped(withBadPayloads(FILE, OFFSETS, [1]), OFFSETS[3]));
  const short = temp.file('short.tfrecord', FILE.subarray(0, FILE.length - 3));
  const inHeader = temp.file('in-header.tfrecord', concat([FILE, new Uint8Array(5)]));
  const packed = temp.file('header.tfrecord.gz', gzipSync(flipped(FILE, OFFSETS[3])));
  const stops = async (options = {}): Promise<unknown> => {
    const { files } = await validateFiles([payload, header, short, inHeader, packed], options);
    return Object.fromEntries(files.map(({ uri, errorCount, stoppedAt }) => [uri, [errorCount, stoppedAt]]));
  };
  expect(await stops()).toEqual({
    [payload]: [1, undefined],
    [header]: [2, OFFSETS[3]],
    [short]: [1, OFFSETS[5]],
    // No record fits into the rest.
    [inHeader]: [1, undefined],
    [packed]: [1, OFFSETS[3]],
  });
  // The finding at the stop may be beyond the maximum.
  expect(await stops({ maxErrors: 1 })).toMatchObject({ [header]: [2, OFFSETS[3]] });
  const recovered = Object.values((await stops({ recover: 'scan' })) as Record<string, unknown[]>);
  expect(recovered.map(([, stop]) => stop)).toEqual(recovered.map(() => undefined));
  const scan = await scanRecords([payload, header, short]);
  expect(scan).toMatchObject({ errorCount: 4, stoppedAt: OFFSETS[3] });
  expect(await scanRecords(payload)).not.toHaveProperty('stoppedAt');
});

test('compressed files: bytes is the stored size', async () => {
  const packed = gzipSync(FILE);
  const { files } = await validateFiles(temp.file('packed.tfrecord.gz', packed));
  expect(files[0]).toMatchObject({ ok: true, compression: 'gzip', records: 6, bytes: packed.length });
});

test('the report names the type of a file of another kind', async () => {
  const page = temp.file('page.tfrecord', fixture('not-a-tfrecord-html.bin'));
  const [found] = (await validateFiles(page)).files;
  expect(found).toMatchObject({ format: null, compression: null, ok: false, unreadable: false });
  expect(found.errors).toMatchObject([{ code: 'unknown-format', record: 0, offset: 0 }]);
  expect(found.errors[0].message).toMatch(/HTML page/);
  const [file] = (await validateFiles(page, { format: 'tfrecord' })).files;
  expect(file).toMatchObject({ format: 'tfrecord', errors: [{ code: 'length-checksum', record: 0 }] });
  expect(file.errors[0].message).toMatch(/HTML page/);
});

test('progress reaches the total bytes', async () => {
  const seen: FilesProgress[] = [];
  await validateFiles([good, bad], { onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toEqual({
    files: 2,
    filesDone: 2,
    bad: 1,
    bytes: 2 * FILE.length,
    totalBytes: 2 * FILE.length,
  });
});

test('a signal aborts the run and closes its files', async () => {
  const big = temp.file('big.tfrecord', concat(Array(200).fill(encodeTFRecord(new Uint8Array(100_000)))));
  const stop = new AbortController();
  const run = validateFiles([big, good], { signal: stop.signal, jobs: 1, onProgress: () => stop.abort() });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  await expect.poll(() => openDescriptors(temp.path)).toBe(0);
  await expect(validateFiles(good, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
});

test('timers and signals run between small files', async () => {
  const files = Array.from({ length: 2000 }, (_, i) => temp.file(`small-${i}`, FILE));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1);
  const run = validateFiles(files, { jobs: 1, blocking: true, signal: stop.signal });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
});

test.each([
  { jobs: 0 },
  { jobs: 1.5 },
  { maxErrors: -1 },
  { maxErrors: Number.NaN },
  { format: 'records' as 'auto' },
  { multipart: 'mxnet' as 'dmlc' },
  { delimiter: '' },
  { cr: 'lf' as 'keep' },
  { compression: 'lzma' as 'gzip' },
  { maxRecordBytes: -1 },
])('%o is rejected', async (options) => {
  await expect(validateFiles(good, options)).rejects.toThrow(UsageError);
});

function dropKind({ code, record, offset }: { code: string; record?: number; offset?: number }): object {
  return { code, ...(record !== undefined && { record }), ...(offset !== undefined && { offset }) };
}
