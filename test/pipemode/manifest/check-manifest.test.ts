import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  checkManifest,
  listManifestObjects,
  writeAugmentedManifest,
  writeManifest,
} from '../../../src/pipemode/manifest/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const dir = tempDir();

async function found(text: string, attributes?: string[]): Promise<string[]> {
  const path = dir.file('some.manifest', Buffer.from(text));
  const { problems } = await checkManifest(path, { attributes });
  return problems.map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`);
}

test('checkManifest reports problems in augmented manifests', async () => {
  const good = '{"image-ref":"s3://b/k","label":1}\n';
  expect(await found(good, ['image-ref', 'label'])).toEqual([]);
  expect(await found(`${good}{'image-ref': 's3://b/k'}\n`)).toEqual(['2:2 error single-quotes']);
  expect(await found(`${good}{"image-ref": 5, "label": 1}\n`)).toEqual(['2:15 error bad-ref']);
  expect(await found(`${good}{"image-ref": "k", "label": 1}\n`)).toEqual(['2:15 error bad-ref']);
  expect(await found(`${good}{"image-ref":"s3://b/k"}\n`, ['label'])).toEqual([
    '2:1 error missing-attribute',
  ]);
  expect(await found(`${good}{"image-ref":"s3://b/k"}\n`)).toEqual(['2:1 warning missing-attribute']);
  expect(await found(`\ufeff${good}`)).toEqual(['1:1 warning byte-order-mark']);
  expect(await found(good.replace('\n', '\r\n'))).toEqual(['1:35 warning carriage-return']);
  expect(await found(`${good}\n${good.trim()}`)).toEqual([
    '2:1 warning blank-line',
    '3:35 warning no-final-newline',
  ]);
  expect(await found('{"a":1,"a":2}\n')).toEqual(['1:8 warning duplicate-key']);
  expect(await found(`${good}{"image-ref":"s3://c/k","label":1}\n`)).toEqual([
    '2:14 warning several-buckets',
  ]);
  expect(await found('')).toEqual(['1:1 error empty-manifest']);
});

test('checkManifest reports problems in lists of objects', async () => {
  expect(await found('[{"prefix":"s3://b/x/"},\n"a",\n"b"]')).toEqual([]);
  expect(await found('["a","b"]')).toEqual(['1:2 error bad-prefix']);
  expect(await found('[{"prefix":"s3://b/x/"},\n"s3://b/x/a",\n5, "c",\n"c"]')).toEqual([
    '2:1 error bad-suffix',
    '3:1 error bad-suffix',
    '4:1 warning duplicate-suffix',
  ]);
  expect(await found('[{"prefix":"s3://b/x/"},\n"a"\n"b"]')).toEqual(['3:1 error malformed-json']);
  expect(await found('[{"prefix":"s3://b/x/"}]')).toEqual(['1:1 error empty-manifest']);
});

test('a file that is not a manifest causes one error, not one per line', async () => {
  const once = ['1:1 error not-a-manifest'];
  expect(await found(JSON.stringify({ a: 1, b: [1, 2] }, undefined, 2))).toEqual(once);
  expect(await found('name,label\ncat,1\ndog,2\n')).toEqual(once);
  expect(await found('"text"\n5\n')).toEqual(once);
  const path = dir.file('binary.manifest', Buffer.from([10, 0xff, 0xfe, 10, 0xfd, 10]));
  expect((await checkManifest(path)).problems).toMatchObject([
    { code: 'blank-line' },
    { code: 'not-a-manifest' },
  ]);
});

test('a truncated line is an error of that line', async () => {
  expect(await found('{"a":1\n{"a":2}\n')).toEqual(['1:7 error malformed-json']);
  expect(await found('{"a":1}\n{"a":\n')).toEqual(['2:6 error malformed-json']);
  expect(await found('{"a":\n')).toEqual(['1:6 error malformed-json']);
});

test('a line may span many chunks', async () => {
  const path = dir.file('spans.manifest', Buffer.from(`{"a":"${'x'.repeat(3 << 20)}"}\n{"a":1}\n`));
  expect(await checkManifest(path)).toMatchObject({ ok: true, entries: 2 });
  const { problems, entries } = await checkManifest(path, { maxLineBytes: 2 << 20 });
  expect([problems.length, problems[0].code, entries]).toEqual([1, 'line-too-long', 1]);
});

test('unknown options are rejected', async () => {
  const path = dir.file('options.manifest', Buffer.from('{"a":1}\n'));
  await expect(checkManifest(path, { headObject: true } as object)).rejects.toThrow(
    /did you mean headObjects/,
  );
  await expect(writeManifest(path, ['s3://b/x'], { overwrit: true } as object)).rejects.toThrow(
    /did you mean overwrite/,
  );
  await expect(writeAugmentedManifest(path, [], { force: true } as object)).rejects.toThrow(/unknown option/);
  await expect(listManifestObjects(['s3://b/'], { exclud: [] } as object)).rejects.toThrow(
    /did you mean exclude/,
  );
});

test('lines that are too long, and too many attributes, are rejected', async () => {
  const path = dir.file('long.manifest', Buffer.from(`{"a":"${'x'.repeat(1000)}"}\n{"a":1}\n`));
  const { problems, entries } = await checkManifest(path, { maxLineBytes: 100 });
  expect(problems).toMatchObject([{ code: 'line-too-long', line: 1 }]);
  expect(problems[0].text.length).toBeLessThanOrEqual(80);
  expect(entries).toBe(1);
  await expect(
    checkManifest(path, { attributes: Array.from({ length: 17 }, (_, i) => `a${i}`) }),
  ).rejects.toThrow(UsageError);
});

test('written manifests have no problems', async () => {
  const list = dir.file('list.manifest');
  await writeManifest(list, ['s3://b/x/a b', 's3://b/x/y/ü', 's3://b/x/y/"']);
  expect(await checkManifest(list)).toMatchObject({
    ok: true,
    kind: 'manifest',
    entries: 3,
    warningCount: 0,
  });
  const lines = dir.file('lines.manifest');
  await writeAugmentedManifest(lines, [{ 'image-ref': 's3://b/a', label: 'x' }]);
  expect(await checkManifest(lines)).toMatchObject({
    ok: true,
    kind: 'augmented',
    entries: 1,
    warningCount: 0,
  });
  await expect(writeManifest(list, ['s3://b/x', 's3://c/x'])).rejects.toThrow(UsageError);
  await expect(writeAugmentedManifest(lines, [{ 'image-ref': 'x' }], { overwrite: true })).rejects.toThrow(
    UsageError,
  );
});
