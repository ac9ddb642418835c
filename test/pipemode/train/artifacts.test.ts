import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  type ArtifactOptions,
  type ArtifactPaths,
  checkArtifacts,
  saveArtifacts,
} from '../../../src/pipemode/train/artifacts.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { s3Place } from '../../support/s3-place.ts';
import { tempDir } from '../../support/temp-dir.ts';

afterAll(closeS3Clients);

const dir = tempDir();
const code = (run: Promise<unknown>): Promise<string | undefined> =>
  run.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
let places = 0;

/** The folders of a host, with files by name. A name that ends with a slash is an empty folder. */
function host(name: string, files: Record<string, string | Uint8Array>): ArtifactPaths {
  const root = join(dir.path, `host-${places++}`);
  for (const [file, bytes] of Object.entries(files)) {
    if (file.endsWith('/')) mkdirSync(join(root, file), { recursive: true });
    else {
      mkdirSync(join(root, file, '..'), { recursive: true });
      writeFileSync(join(root, file), bytes);
    }
  }
  return { host: name, modelDir: join(root, 'model'), outputDir: join(root, 'output') };
}

async function save(
  hosts: readonly ArtifactPaths[],
  options: Partial<ArtifactOptions> & { uri?: string; compression?: 'GZIP' | 'NONE' } = {},
) {
  const { uri = join(dir.path, `out-${places++}`), compression = 'GZIP', ...rest } = options;
  const warnings: string[] = [];
  const onWarning = (kind: string, message: string) => warnings.push(`${kind}: ${message}`);
  const saved = await saveArtifacts(hosts, { uri, compression }, 'job', { onWarning, ...rest });
  return { uri, saved, warnings };
}

/** Extracts an archive with GNU tar. @returns the folder */
function extracted(archive: string): string {
  const folder = join(dir.path, `extracted-${places++}`);
  mkdirSync(folder);
  execFileSync('tar', ['-xzpf', archive, '-C', folder]);
  return folder;
}

function names(archive: string): string[] {
  const text = execFileSync('tar', ['-tzf', archive, '--quoting-style=literal'], { encoding: 'utf8' });
  return text.split('\n').filter((name) => name !== '');
}

describe('an archive', () => {
  test('contains files, empty folders, modes, times, links and hard links unchanged', async () => {
    const one = host('algo-1', {
      'model/weights.bin': 'w',
      'model/empty/': '',
      'model/none': '',
      'model/a/b/c': 'deep',
    });
    const { modelDir } = one;
    chmodSync(join(modelDir, 'weights.bin'), 0o640);
    chmodSync(join(modelDir, 'empty'), 0o750);
    utimesSync(join(modelDir, 'weights.bin'), 1.5e9, 1.5e9);
    symlinkSync('weights.bin', join(modelDir, 'latest'));
    linkSync(join(modelDir, 'weights.bin'), join(modelDir, 'hard'));
    const { saved, uri } = await save([one]);
    expect(saved).toEqual({ model: join(uri, 'job/output/model.tar.gz') });
    const folder = extracted(saved.model!);
    expect(readFileSync(join(folder, 'a/b/c'), 'utf8')).toBe('deep');
    expect(statSync(join(folder, 'none')).size).toBe(0);
    expect(statSync(join(folder, 'empty')).mode & 0o7777).toBe(0o750);
    const { mode, mtimeMs, ino } = statSync(join(folder, 'weights.bin'));
    expect([mode & 0o7777, mtimeMs]).toEqual([0o640, 1.5e12]);
    expect(readlinkSync(join(folder, 'latest'))).toBe('weights.bin');
    expect(statSync(join(folder, 'hard')).ino).toBe(ino);
  });

  test('keeps every name: Unicode, long, with backslashes, colons, spaces and newlines', async () => {
    const long = `${'ä'.repeat(70)}/${'b'.repeat(120)}/${'c'.repeat(200)}`;
    const all = [
      'größe 模型.bin',
      long,
      'back\\slash',
      'C:drive',
      ' space ',
      'new\nline',
      '..dots',
      '0',
      '5',
      '-x',
    ];
    const one = host('algo-1', Object.fromEntries(all.map((name) => [`model/${name}`, name])));
    const folder = extracted((await save([one])).saved.model!);
    for (const name of all) expect(readFileSync(join(folder, name), 'utf8')).toBe(name);
  });

  test('has names that Python can read', async () => {
    const one = host('algo-1', {
      'model/größe.bin': 'x',
      [`model/${'ü'.repeat(90)}/${'y'.repeat(150)}`]: 'y',
    });
    const script =
      'import tarfile,sys\nfor m in tarfile.open(sys.argv[1]): print(m.name, m.size, m.uid, m.uname)';
    const archive = (await save([one])).saved.model!;
    expect(execFileSync('python3', ['-c', script, archive], { encoding: 'utf8' })).toBe(
      `größe.bin 1 0 \n${'ü'.repeat(90)} 0 0 \n${'ü'.repeat(90)}/${'y'.repeat(150)} 1 0 \n`,
    );
  });

  test('contains large files exactly', async () => {
    const bytes = randomBytes(2_000_001);
    const one = host('algo-1', { 'model/large': bytes, 'model/zeros': new Uint8Array(3_000_000) });
    const folder = extracted((await save([one])).saved.model!);
    expect(readFileSync(join(folder, 'large')).equals(bytes)).toBe(true);
    expect(readFileSync(join(folder, 'zeros')).equals(new Uint8Array(3_000_000))).toBe(true);
  });

  test('of output data contains output/data and the failure file', async () => {
    const one = host('algo-1', { 'output/data/plot.txt': 'p', 'output/failure': 'why', 'output/other': 'o' });
    const { saved } = await save([one]);
    expect(Object.keys(saved)).toEqual(['output']);
    expect(names(saved.output!)).toEqual(['plot.txt', 'failure']);
  });

  test('is not written if there is nothing to save', async () => {
    const { saved, uri } = await save([
      host('algo-1', { 'model/': '', 'output/data/': '' }),
      host('algo-2', {}),
    ]);
    expect(saved).toEqual({});
    expect(existsSync(uri)).toBe(false);
  });
});

describe('several hosts', () => {
  test('share one archive', async () => {
    const hosts = ['algo-1', 'algo-2'].map((name) =>
      host(name, { [`model/${name}`]: name, 'model/shared/': '' }),
    );
    const { saved, warnings } = await save(hosts);
    expect(names(saved.model!)).toEqual(['algo-1', 'algo-2', 'shared/']);
    expect(warnings).toEqual([]);
  });

  test('that write the same name cause a warning, and the first version is kept', async () => {
    const hosts = [
      host('algo-1', { 'model/m': 'first', 'model/kind': 'file' }),
      host('algo-2', { 'model/m': 'second', 'model/kind/below': 'x' }),
    ];
    const { saved, warnings } = await save(hosts);
    const folder = extracted(saved.model!);
    expect(readFileSync(join(folder, 'm'), 'utf8')).toBe('first');
    expect(readFileSync(join(folder, 'kind'), 'utf8')).toBe('file');
    expect(warnings.map((text) => text.split(';')[0])).toEqual([
      'name-clash: algo-1 and algo-2 both wrote kind',
      'name-clash: algo-1 and algo-2 both wrote m',
    ]);
  });
});

test('without compression, the files are stored individually', async () => {
  const one = host('algo-1', { 'model/a/w.bin': 'w', 'model/empty/': '', 'output/data/plot': 'p' });
  symlinkSync('a/w.bin', join(one.modelDir, 'latest'));
  symlinkSync('missing', join(one.modelDir, 'dangling'));
  const { saved, uri, warnings } = await save([one], { compression: 'NONE' });
  const folder = join(uri, 'job/output');
  expect(saved).toEqual({ model: `${folder}/model/`, output: `${folder}/data/` });
  for (const name of ['model/a/w.bin', 'model/latest']) {
    expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    expect(readFileSync(join(folder, name), 'utf8')).toBe('w');
  }
  expect(readFileSync(join(folder, 'data/plot'), 'utf8')).toBe('p');
  expect(existsSync(join(folder, 'model/empty'))).toBe(false);
  expect(warnings).toEqual([
    expect.stringContaining('dangling is not saved, because it links to a folder or a missing file'),
  ]);
});

test('pipes, and links that point outside the archive, cause a warning', async () => {
  const one = host('algo-1', { 'model/w': 'w' });
  execFileSync('mkfifo', [join(one.modelDir, 'fifo')]);
  symlinkSync('/etc/hostname', join(one.modelDir, 'out'));
  symlinkSync('../output', join(one.modelDir, 'up'));
  const { saved, warnings } = await save([one]);
  expect(names(saved.model!)).toEqual(['out', 'up', 'w']);
  expect(warnings.map((text) => text.split(':')[0])).toEqual(['not-saved', 'link-outside', 'link-outside']);
});

describe('existing artifacts', () => {
  test.each(['GZIP', 'NONE'] as const)(
    'are rejected before and after the job, unless replaced: %s',
    async (compression) => {
      const one = host('algo-1', { 'model/m': 'new' });
      const { uri } = await save([one], { compression });
      const output = { uri, compression };
      expect(await code(checkArtifacts(output, 'job'))).toBe('already-exists');
      expect(await code(checkArtifacts(output, 'other-job'))).toBeUndefined();
      expect(await code(checkArtifacts(output, 'job', { overwrite: true }))).toBeUndefined();
      const again = saveArtifacts([one], output, 'job');
      await expect(again).rejects.toThrow(/the model could not be saved: .*It remains in .*model; copy it/);
      await saveArtifacts([one], output, 'job', { overwrite: true });
    },
  );

  test('are not affected by a failure', async () => {
    const one = host('algo-1', { 'model/m': 'old' });
    const { uri, saved } = await save([one]);
    const before = readFileSync(saved.model!);
    writeFileSync(join(one.modelDir, 'm'), randomBytes(4_000_000));
    const stop = new AbortController();
    const run = save([one], { uri, overwrite: true, signal: stop.signal });
    setTimeout(() => stop.abort(), 5);
    expect(await code(run)).toBe('aborted');
    expect(readFileSync(saved.model!).equals(before)).toBe(true);
    expect(execFileSync('ls', ['-A', join(saved.model!, '..')], { encoding: 'utf8' })).toBe('model.tar.gz\n');
  });

  test('a file that shrinks while it is saved is an error', async () => {
    const one = host('algo-1', { 'model/a': randomBytes(10_000_000), 'model/z': randomBytes(100_000) });
    const uri = join(dir.path, 'shrinking');
    const run = code(save([one], { uri }));
    const temporary = (): string | undefined =>
      existsSync(uri)
        ? readdirSync(uri, { recursive: true, encoding: 'utf8' }).find((name) => name.includes('.gz'))
        : undefined;
    await vi.waitUntil(temporary, { timeout: 60_000, interval: 1 });
    truncateSync(join(one.modelDir, 'z'), 10);
    expect(await run).toBe('source-changed');
  });
});

describe('in S3', () => {
  test('an archive is uploaded in parts while it is read, and verified', async () => {
    await using place = await s3Place({ buckets: ['bucket'] });
    const bytes = randomBytes(6_000_000);
    const one = host('algo-1', { 'model/m': bytes });
    const { saved } = await save([one], {
      uri: 's3://bucket/jobs',
      objects: { ...place.objects, partBytes: 5 * 1024 * 1024 },
    });
    expect(saved.model).toBe('s3://bucket/jobs/job/output/model.tar.gz');
    const stored = place.server.store.get('bucket', 'jobs/job/output/model.tar.gz').content.bytes!;
    const folder = extracted(dir.file('from-s3.tar.gz', stored));
    expect(readFileSync(join(folder, 'm')).equals(bytes)).toBe(true);
    expect(place.server.requests('UploadPart', 'jobs/job/output/model.tar.gz').length).toBe(2);
  });

  test('a part that fails temporarily is uploaded again', async () => {
    const faults = [
      { operation: 'UploadPart', do: 'status', status: 503, times: 2 },
      { operation: 'UploadPart', do: 'reset', at: 'before', after: 2, times: 1 },
    ] as const;
    await using place = await s3Place({ buckets: ['bucket'], faults });
    const bytes = randomBytes(5_500_000);
    const { saved } = await save([host('algo-1', { 'model/m': bytes })], {
      uri: 's3://bucket/jobs/',
      objects: { ...place.objects, partBytes: 5 * 1024 * 1024 },
    });
    expect(saved.model).toBe('s3://bucket/jobs/job/output/model.tar.gz');
    const stored = place.server.store.get('bucket', 'jobs/job/output/model.tar.gz').content.bytes!;
    const folder = extracted(dir.file('again.tar.gz', stored));
    expect(readFileSync(join(folder, 'm')).equals(bytes)).toBe(true);
  });

  test.each(['GZIP', 'NONE'] as const)(
    'a failure leaves nothing in the bucket, and reports where the model remains: %s',
    async (compression) => {
      const fails = { do: 'status', status: 500, times: 1000 } as const;
      const faults = [
        { operation: 'UploadPart', ...fails },
        { operation: 'PutObject', ...fails },
      ] as const;
      await using place = await s3Place({ buckets: ['bucket'], faults });
      const one = host('algo-1', { 'model/m': randomBytes(5_500_000), 'model/small': 's' });
      const objects = { ...place.objects, partBytes: 5 * 1024 * 1024, maxAttempts: 2, retryTimeoutMs: 1000 };
      const run = save([one], { uri: 's3://bucket/jobs', compression, objects });
      await expect(run).rejects.toThrow(`It remains in ${one.modelDir}; copy it before the next job`);
      expect(await code(run)).toBe('retries-exhausted');
      expect(place.server.requests('AbortMultipartUpload').length).toBeGreaterThan(0);
      expect([...place.server.store.keys('bucket')]).toEqual([]);
    },
  );
});
