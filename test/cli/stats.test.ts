import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordContent } from '../../src/check/index.ts';
import { saveImages } from '../../src/cli/save-images.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { cli } from '../support/cli.ts';
import { gif } from '../support/examples.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const frames = Array.from({ length: 12 }, (_, i) =>
  encodeTFRecord(
    encodeExample({
      image: { kind: 'bytes', value: [gif(8, 8)] },
      label: { kind: 'int64', value: [i % 3] },
      ...(i > 3 && { score: { kind: 'float', value: [i / 4] } }),
    }),
  ),
);
const good = temp.file('good.tfrecord', concat(frames));
const damaged = concat(frames);
damaged[frames[0].length + 20] ^= 1;
const bad = temp.file('bad.tfrecord', damaged);

test('stats shows sizes, features, labels and findings', async () => {
  const { code, stdout, stderr } = await cli(['stats', good, bad]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^23 records in 2 files, .+: 23 Example\n/);
  expect(stdout).toMatch(/label +int64 +████ 100 % +1 +0 to 2, 3 distinct/);
  expect(stdout).toMatch(/score +float +\S+ +70 % +1 +1 to 2\.75/);
  expect(stdout).toMatch(/image +bytes .+ gif, 8 × 8 pixels, 13 B/);
  expect(stdout).toMatch(/\n {2}0 {2}█+ +8 +34\.8 %\n/);
  expect(stdout).toContain('1 finding\n  data-checksum: ');
  expect(stderr).toBe('');
});

test('stats --json is one document; --html writes a page and replaces no file that it reads', async () => {
  const page = temp.file('page.html');
  const { code, stdout } = await cli(['stats', good, '--json', '--html', page, '--title', 'Mine']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, records: 12, findings: { count: 0 }, samples: [] });
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('<h1>Mine</h1>');
  expect(html).toContain('data:image/gif;base64,');
  await cli(['stats', good, '-q', '--html', page, '--no-samples']);
  expect(readFileSync(page, 'utf8')).not.toContain('data:image');
  const before = readFileSync(good);
  const refused = await cli(['stats', good, '--html', good]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--html: ');
  expect(readFileSync(good).equals(before)).toBe(true);
  expect((await cli(['stats', good, '--html', temp.file('none/page.html')])).code).toBe(3);
});

test('schema, then validate --schema', async () => {
  const schema = temp.file('schema.json');
  const people = await cli(['schema', good]);
  expect(people.stdout).toMatch(/^Example: 12 records of 1 file\n/);
  expect(people.stdout).toMatch(/label +int64 +required +\[\] +0 to 2/);
  expect((await cli(['schema', good, '-o', schema])).code).toBe(0);
  expect((await cli(['validate', good, '--schema', schema])).code).toBe(0);
  const other = temp.file(
    'other.tfrecord',
    concat(
      [3, 4].map((label) => encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [label] } }))),
    ),
  );
  const { code, stdout } = await cli(['validate', other, '--schema', schema]);
  expect(code).toBe(1);
  expect(stdout).toContain(
    'record 0 at byte 0: schema-mismatch: schema: feature "label": range: expected 0 to 2, got 3',
  );
  expect(stdout).toContain('violated schema rules:\n');
  expect(stdout).toMatch(/ {2}required image: .+; 2 records in 1 file, first: record 0 of /);
  const loose = temp.file('loose.json');
  await cli(['schema', other, '--loose', '-o', loose]);
  expect((await cli(['validate', good, '--schema', loose])).code).toBe(1);
  expect((await cli(['validate', good, '--schema', loose, '--unknown-features', 'allow'])).code).toBe(0);
  const { stdout: json } = await cli(['validate', other, '--schema', schema, '--json']);
  expect(
    JSON.parse(json)
      .violations.map(({ rule }: { rule: string }) => rule)
      .sort(),
  ).toEqual(['range', 'required']);
});

test('validate rejects an invalid or missing schema before it reads files', async () => {
  const broken = temp.file('broken.json', Buffer.from('{"recordpipeSchema":1}'));
  const wrong = await cli(['validate', good, '--schema', broken]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain(`--schema: ${broken}: message: expected a value, got nothing`);
  const missing = await cli(['validate', good, '--schema', temp.file('nothing.json')]);
  expect(missing.code).toBe(3);
  expect(missing.stderr).toContain('no such schema file');
  expect((await cli(['validate', good, '--unknown-features', 'allow'])).code).toBe(2);
});

test('schema rejects files without Examples', async () => {
  const text = temp.file('text.tfrecord', encodeTFRecord(Buffer.from('hello')));
  const { code, stderr } = await cli(['schema', text]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'expected records with named features, such as Examples, got 1 of a different kind: text',
  );
  expect((await cli(['schema'])).code).toBe(2);
  expect(JSON.parse((await cli(['schema', '--json-schema'])).stdout).title).toBe('recordpipe schema');
});

test('inspect shows features, decodes, and saves images', async () => {
  const { stdout } = await cli(['inspect', good, '-n', '1']);
  expect(stdout).toMatch(
    /record 0 {2}at byte 0 {2}\d+ bytes {2}Example\n {2}image +bytes +\[1\] +gif 8 × 8, 13 B\n/,
  );
  const one = await cli([
    'inspect',
    good,
    '-n',
    '1',
    '--skip',
    '4',
    '--jsonl',
    '--decode',
    '--select',
    'label',
    '--select',
    'score',
  ]);
  expect(JSON.parse(one.stdout)).toMatchObject({
    record: 4,
    example: {
      features: { feature: { label: { int64List: { value: ['1'] } }, score: { floatList: { value: [1] } } } },
    },
  });
  const folder = temp.file('images');
  expect((await cli(['inspect', good, '-n', '2', '--save-images', folder])).stdout).toContain(
    '2 images written',
  );
  expect(existsSync(`${folder}/1-image.gif`)).toBe(true);
  const again = await cli(['inspect', good, '-n', '1', '--save-images', folder]);
  expect(again.code).toBe(3);
  expect(again.stderr).toContain('already-exists');
  expect(again.stderr).toContain('--force');
  const forced = await cli(['inspect', good, '-n', '1', '--save-images', folder, '--force']);
  expect([forced.code, forced.stdout.includes('1 image written')]).toEqual([0, true]);
  const text = temp.file('plain.tfrecord', encodeTFRecord(Buffer.from('hello')));
  expect((await cli(['inspect', text, '--select', 'x'])).stdout).toContain('no named features: text');
  expect(JSON.parse((await cli(['inspect', text, '--jsonl', '--decode'])).stdout)).toMatchObject({
    type: 'text',
    text: 'hello',
  });
  expect((await cli(['inspect', good, '--decode'])).code).toBe(2);
});

test('images whose features would share a file, or have names too long for one, get distinct names', async () => {
  const names = ['a/b', 'a b', 'plain', `${'long/'.repeat(60)}1`, `${'long/'.repeat(60)}2`];
  const features = Object.fromEntries(
    names.map((name) => [name, { kind: 'bytes', value: [gif(8, 8)] } as const]),
  );
  const payload = encodeExample(features);
  const folder = temp.file('distinct');
  expect(await saveImages(recordContent(payload, 'Example'), 0, () => true, folder, false)).toBe(5);
  const written = readdirSync(folder).sort();
  expect(written).toHaveLength(5);
  expect(written).toContain('0-plain.gif');
  for (const name of written) {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(new Uint8Array(readFileSync(`${folder}/${name}`))).toEqual(new Uint8Array(gif(8, 8)));
  }
});
