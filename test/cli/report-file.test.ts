import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collectStats, statsHtml, validateFiles } from '../../src/check/index.ts';
import { type ReportKind, writeReport } from '../../src/cli/output-files.ts';
import { repairFile } from '../../src/transform/index.ts';
import { cli } from '../support/cli.ts';
import { FILE, flipped } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', flipped(FILE, FILE.length - 1));
let count = 0;

function place(contents: string | Uint8Array): string {
  return temp.file(`report-${count++}`, typeof contents === 'string' ? Buffer.from(contents) : contents);
}

const json = (document: object): string => `${JSON.stringify(document, undefined, 2)}\n`;
const DOCUMENTS: Record<ReportKind, (input: string) => Promise<string>> = {
  validation: async (input) => json(await validateFiles(input)),
  repair: async (input) => json(await repairFile(input, temp.file('repaired.tfrecord'), { overwrite: true })),
  page: async (input) => statsHtml(await collectStats(input), { title: 'any <title>' }),
};
const KINDS = Object.keys(DOCUMENTS) as ReportKind[];

test.each(KINDS)('%s: a report replaces an older report of its kind', async (kind) => {
  for (const input of [good, bad]) {
    const path = place(await DOCUMENTS[kind](input));
    await writeReport(path, 'new', kind, undefined);
    expect(readFileSync(path, 'utf8')).toBe('new');
  }
  const path = place('');
  await writeReport(path, 'new', kind, undefined);
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test.each(KINDS)('%s: anything else stays, unless forced', async (kind) => {
  const others = KINDS.filter((other) => other !== kind).map((other) => DOCUMENTS[other](good));
  for (const contents of [FILE, 'notes', '{"ok": true}', ...(await Promise.all(others))]) {
    const path = place(contents);
    await expect(writeReport(path, 'new', kind, undefined)).rejects.toMatchObject({
      code: 'already-exists',
      uri: path,
    });
    expect(readFileSync(path)).toEqual(Buffer.from(contents as string));
    await writeReport(path, 'new', kind, true);
    expect(readFileSync(path, 'utf8')).toBe('new');
  }
});

test('a replaced report keeps its mode, a link stays a link, and no temporary file is left', async () => {
  const folder = temp.file('replaced');
  mkdirSync(join(folder, 'real'), { recursive: true });
  const [real, link] = [join(folder, 'real/report.json'), join(folder, 'link.json')];
  writeFileSync(real, await DOCUMENTS.validation(good));
  chmodSync(real, 0o640);
  symlinkSync('real/report.json', link);
  await writeReport(link, 'new', 'validation', undefined);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, 'utf8')).toBe('new');
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).sort()).toEqual(['link.json', 'real']);
  expect(readdirSync(join(folder, 'real'))).toEqual(['report.json']);
});

test.each([
  ['validate', good, '--report'],
  ['stats', good, '--html'],
  ['schema', good, '-o'],
  ['manifest', 'create', 's3://bucket/x/', '-o'],
  ['repair', bad, temp.file('not-made.tfrecord'), '--report'],
])('%s rejects at once an output that would replace a record file', async (...args) => {
  const data = place(FILE);
  const { code, stdout, stderr } = await cli([...args, data]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain(`already-exists`);
  expect(stderr).toContain(data);
  if (args.includes('--report') || args.includes('--html')) expect(stderr).not.toContain('--force');
  expect(readFileSync(data)).toEqual(Buffer.from(FILE));
});
