import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildIndex, openIndexed } from '../../../src/records/indexes/index.ts';
import type { CliRun } from '../../support/cli.ts';
import { sha256 } from '../../support/golden.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { recordOffsets, withBadPayloads } from '../../support/samples.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ServiceOf } from './service.ts';

const PAYLOADS = Array.from({ length: 300 }, (_, k) => new Random(k).bytes((k * 37) % 4000));
const GOOD = oracleFile(PAYLOADS);

/** Tests that commands give the same results for objects as for equal files. */
export function commands(service: ServiceOf): void {
  const { signatures } = service.kind;
  const folder = tempDir();
  let bucket = '';
  const local = join(folder.path, 'data');
  const remote = (): string => `s3://${bucket}/data`;

  beforeAll(async () => {
    mkdirSync(local);
    const files = {
      'a.tfrecord': GOOD,
      'b.tfrecord.gz': gzipSync(GOOD),
      'c.tfrecord': withBadPayloads(GOOD, recordOffsets(PAYLOADS), [7, 200]),
      'd.tfrecord': GOOD.subarray(0, GOOD.length - 3),
      'e.txt': Buffer.from('one\ntwo\nthree\n'),
      'f.rec': readFileSync(new URL('../../fixtures/recordio-dmlc.bin', import.meta.url)),
    };
    bucket = await service().makeBucket();
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(local, name), bytes);
      await service().put(bucket, `data/${name}`, bytes);
    }
  });

  /** Runs a command over files and over objects, and expects equal results. Returns the result. */
  async function both(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const at = (place: string): string[] => args.map((arg) => arg.replace('DATA', place));
    const [here, there] = await Promise.all([service().cli(...at(local)), service().cli(...at(remote()))]);
    const plain = (text: string): string =>
      text
        .replaceAll(local, 'DATA')
        .replaceAll(remote(), 'DATA')
        .replace(/"seconds": [\d.e-]+/g, '"seconds": 0')
        .replace(/ \([\d.]+ [KMG]?i?B\/s\)/g, '')
        .replace(/[\d.]+ m?s\b/g, 'TIME');
    expect(plain(there.stdout)).toBe(plain(here.stdout));
    // Findings are printed as files finish, so their order may differ.
    const lines = (text: string): string[] => plain(text).split('\n').sort();
    expect({ code: there.code, stderr: lines(there.stderr) }).toEqual({
      code: here.code,
      stderr: lines(here.stderr),
    });
    return { code: there.code, stdout: there.stdout, stderr: there.stderr };
  }

  describe('commands', () => {
    test.each([
      ['validate', 'DATA/*', '--json'],
      ['validate', 'DATA/', '--json'],
      ['validate', 'DATA/a.tfrecord'],
      ['validate', 'DATA/c.tfrecord', '--json', '--verify-object'],
      ['count', 'DATA/{a,b}.*', '--json'],
      ['count', 'DATA/{e.txt,f.rec}'],
      ['inspect', 'DATA/a.tfrecord', '--json'],
      ['inspect', 'DATA/b.tfrecord.gz', '-n', '2'],
      ['inspect', 'DATA/f.rec', '-n', '3'],
      ['cat', 'DATA/e.txt', 'DATA/a.tfrecord'],
    ])('%s %s %s %s', async (...args) => {
      const { code } = await both(...args.filter((arg) => arg !== undefined));
      expect(code).toBe(args[0] === 'validate' && args[1] !== 'DATA/a.tfrecord' ? 1 : 0);
    });

    test('convert an object to a file and a file to an object', async () => {
      const [here, there] = [folder.file('here.rec'), folder.file('there.rec')];
      expect((await service().cli('convert', join(local, 'a.tfrecord'), here)).code).toBe(0);
      expect((await service().cli('convert', `${remote()}/a.tfrecord`, there)).code).toBe(0);
      expect(sha256(readFileSync(there))).toBe(sha256(readFileSync(here)));
      const target = `s3://${bucket}/converted.rec`;
      const { code, stderr } = await service().cli('convert', `${remote()}/b.tfrecord.gz`, target);
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      expect(sha256(await service().get(bucket, 'converted.rec'))).toBe(sha256(readFileSync(here)));
    });

    test('index an object and get records by number', async () => {
      const uri = `${remote()}/a.tfrecord`;
      const objects = service().options;
      const made = await service().cli('index', uri, '-o', folder.file('there.rpidx'));
      expect({ code: made.code, stderr: made.code === 0 ? '' : made.stderr }).toEqual({
        code: 0,
        stderr: '',
      });
      await buildIndex(join(local, 'a.tfrecord'), { indexPath: folder.file('here.rpidx') });
      const indexed = await openIndexed(uri, { objects, indexPath: folder.file('there.rpidx') });
      expect(indexed.length).toBe(PAYLOADS.length);
      for (const k of [0, 299, 42, 41]) expect(sha256(await indexed.get(k))).toBe(sha256(PAYLOADS[k]!));
      const some = Array.from({ length: 100 }, (_, k) => 3 * k);
      const records = await indexed.getMany(some);
      expect(records.map((record) => sha256(record))).toEqual(some.map((k) => sha256(PAYLOADS[k]!)));
      await indexed.close();
      const here = await openIndexed(join(local, 'a.tfrecord'), { indexPath: folder.file('there.rpidx') });
      expect(sha256(await here.get(42))).toBe(sha256(PAYLOADS[42]!));
      await here.close();
    });

    test('no command writes additional objects or files', async () => {
      const before = readdirSync(folder.path);
      await service().cli('validate', `${remote()}/*`);
      await service().cli('count', `${remote()}/*`);
      expect(readdirSync(folder.path)).toEqual(before);
    });

    test('missing objects and an unreachable service are errors', async () => {
      const missing = await service().cli('validate', `${remote()}/nothing-*`);
      expect(missing.code).not.toBe(0);
      expect(missing.stderr).toContain(`${remote()}/nothing-*`);
      const elsewhere = await service().cliAs(
        { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
        'validate',
        `${remote()}/a.tfrecord`,
        '--retry-timeout',
        '1s',
      );
      expect(elsewhere.code).toBe(3);
      expect(elsewhere.stdout + elsewhere.stderr).toMatch(/ECONNREFUSED/);
    });

    test.runIf(signatures)('an error for a wrong secret names the credentials', async () => {
      const bucket = await service().makeBucket();
      await service().put(bucket, 'object', 'x');
      const run = (command: string): Promise<CliRun> =>
        service().cliAs({ AWS_SECRET_ACCESS_KEY: 'another-secret' }, command, `s3://${bucket}/object`);
      for (const command of ['validate', 'count']) {
        const { code, stdout, stderr } = await run(command);
        const said = stdout + stderr;
        expect(code).toBe(3);
        expect(said).toMatch(/SignatureDoesNotMatch/);
        expect(said).toMatch(/secret|credentials/i);
        expect(said).not.toMatch(/another-secret|at async/);
      }
    });

    test('an error for missing credentials suggests --no-sign-request', async () => {
      const bucket = await service().makeBucket();
      const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
      const { code, stdout, stderr } = await service().cliAs(none, 'validate', `s3://${bucket}/object`);
      expect(code).toBe(3);
      expect(stdout + stderr).toMatch(/credentials/i);
      expect(stdout + stderr).toMatch(/--no-sign-request/);
    });
  });
}
