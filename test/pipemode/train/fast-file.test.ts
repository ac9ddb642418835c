import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tempDir } from '../../support/temp-dir.ts';
import { writeObjects } from '../streamer/stream-place.ts';
import { filesIn, fill, newRoot, withServer } from './filled-place.ts';

const temp = tempDir();
const bin = join(temp.path, 'bin');
const log = join(temp.path, 'log');
const PATH = process.env['PATH'];

/** Puts a stand-in for a program in PATH. It logs its arguments and credentials. */
function standIn(name: string, script: string): void {
  const text = `#!/bin/sh\necho "${name} $* [$AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN]" >> '${log}'\n${script}\n`;
  writeFileSync(join(bin, name), text);
  chmodSync(join(bin, name), 0o755);
}

/** The commands that ran. */
function commands(): string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
}

beforeEach(() => {
  mkdirSync(bin);
  process.env['PATH'] = `${bin}${delimiter}${PATH}`;
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(bin, { recursive: true });
  rmSync(log, { force: true });
});

const objects = { 'bucket/d/a': '1', 'bucket/d/b/c': '22', 'bucket/d-2': 'x' };
const FAST = { inputMode: 'FastFile' } as const;

describe('FastFile mode', () => {
  test('mounts a prefix read-only, and close unmounts it', async () => {
    standIn('mount-s3', 'for last; do :; done; echo mounted > "$last/mark"');
    standIn('fusermount3', 'exit 1');
    standIn('fusermount', 'exit 0');
    await withServer({ objects }, async (server) => {
      const { folder, files, bytes, warnings, close, linkedFolders } = await fill(
        newRoot(temp),
        { uri: 's3://bucket/d/', ...FAST },
        { objects: { endpointUrl: server.url, region: 'eu-west-1' } },
      );
      expect(filesIn(folder)).toEqual({ mark: 'mounted\n' });
      expect({ files, bytes, warnings, linkedFolders }).toEqual({
        files: 2,
        bytes: 3,
        warnings: [],
        linkedFolders: [],
      });
      expect(server.requests('GetObject')).toEqual([]);
      expect(commands()).toEqual([
        `mount-s3 --read-only --prefix d/ --region eu-west-1 --endpoint-url ${server.url} --force-path-style bucket ${folder} [test ]`,
      ]);
      await close();
      await close();
      expect(commands().slice(1)).toEqual([
        `fusermount3 -u ${folder} [test ]`,
        `fusermount -u ${folder} [test ]`,
      ]);
    });
  });

  test('passes on the access options', async () => {
    standIn('mount-s3', '');
    standIn('fusermount3', '');
    await withServer({ objects: { 'bucket/a': '1' } }, async (server) => {
      const access = { endpointUrl: server.url, region: 'us-east-1' };
      const ways = [
        { credentials: async () => ({ accessKeyId: 'k', secretAccessKey: 's', sessionToken: 't' }) },
        { anonymous: true },
        { requesterPays: true },
      ];
      const lines: string[] = [];
      for (const way of ways) {
        const { folder, close } = await fill(
          newRoot(temp),
          { uri: 's3://bucket', ...FAST },
          { objects: { ...access, ...way } },
        );
        await close();
        lines.push(
          (commands().findLast((one) => one.startsWith('mount-s3')) as string).replace(folder, 'FOLDER'),
        );
      }
      const command = (options: string, keys: string): string =>
        `mount-s3 --read-only --region us-east-1 --endpoint-url ${server.url} --force-path-style${options} bucket FOLDER [${keys}]`;
      expect(lines).toEqual([
        command('', 'k t'),
        command(' --no-sign-request', 'test '),
        command(' --requester-pays', 'test '),
      ]);
    });
  });

  test('mounts a folder that is named without its slash', async () => {
    standIn('mount-s3', '');
    await withServer({ objects: { 'bucket/d/a': '1' } }, async (server) => {
      const access = { objects: { endpointUrl: server.url } };
      await fill(newRoot(temp), { uri: 's3://bucket/d', ...FAST }, access);
      expect(commands()[0]).toContain('--prefix d/ ');
    });
  });

  test.each([
    ['without the program', undefined, { uri: 's3://bucket/d/' }, 'mount-s3 is not installed'],
    [
      'if mounting fails',
      'echo "Error: fuse: device not found" >&2; exit 1',
      { uri: 's3://bucket/d/' },
      'mount-s3 failed: Error: fuse: device not found',
    ],
    [
      'for a prefix that is not a folder',
      '',
      { uri: 's3://bucket/d' },
      's3://bucket/d-2 would be mounted under a different path',
    ],
    [
      'for a manifest',
      '',
      { uri: 's3://bucket/m', dataType: 'ManifestFile' },
      'only an S3Prefix can be mounted',
    ],
    [
      'for a share',
      '',
      { uri: 's3://bucket/d/', distribution: 'ShardedByS3Key' },
      'its share of the objects',
    ],
  ] as const)('%s, the channel is downloaded, with a notice', async (_when, script, channel, why) => {
    if (script !== undefined) standIn('mount-s3', script);
    const manifest = JSON.stringify([{ prefix: 's3://bucket/d/' }, 'a', 'b/c']);
    await withServer({ objects: { ...objects, 'bucket/m': manifest } }, async (server) => {
      const { folder, warnings, messages } = await fill(
        newRoot(temp),
        { ...channel, ...FAST },
        { objects: { endpointUrl: server.url } },
      );
      expect(filesIn(folder)).toMatchObject({ a: '1', 'b/c': '22' });
      expect(warnings).toContain('fastfile-as-file');
      expect(messages[warnings.indexOf('fastfile-as-file')]).toContain(why);
    });
  });

  test('an abort ends the program that mounts', async () => {
    standIn('mount-s3', 'exec sleep 60');
    await withServer({ objects }, async (server) => {
      const stop = new AbortController();
      const access = { objects: { endpointUrl: server.url }, signal: stop.signal };
      const filling = fill(newRoot(temp), { uri: 's3://bucket/d/', ...FAST }, access);
      const aborted = expect(filling).rejects.toMatchObject({ code: 'aborted' });
      while (commands().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort();
      await aborted;
    });
  });

  test('an abort while the program mounts leaves no mounted folder', async () => {
    // The program handles the signal only after it has mounted the folder.
    const mounting = `trap 'for last; do :; done; sleep 0.2; echo > "$last/mark"; exit 1' TERM`;
    standIn('mount-s3', `${mounting}; echo trapped >> '${log}'; while :; do sleep 0.01; done`);
    standIn('fusermount3', 'rm "$2/mark"');
    await withServer({ objects }, async (server) => {
      const stop = new AbortController();
      const root = newRoot(temp);
      const access = { objects: { endpointUrl: server.url }, signal: stop.signal };
      const aborted = expect(fill(root, { uri: 's3://bucket/d/', ...FAST }, access)).rejects.toMatchObject({
        code: 'aborted',
      });
      await expect.poll(() => commands().at(-1)).toBe('trapped');
      stop.abort();
      await aborted;
      const folder = (commands()[0].match(/ (\S+) \[/) as RegExpMatchArray)[1];
      expect(commands().slice(2)).toEqual([`fusermount3 -u ${folder} [test ]`]);
      expect(existsSync(folder)).toBe(false);
    });
  });

  test('a folder that stays mounted is a warning', async () => {
    standIn('mount-s3', '');
    for (const program of ['fusermount3', 'fusermount', 'umount']) standIn(program, 'echo busy >&2; exit 1');
    await withServer({ objects }, async (server) => {
      const access = { objects: { endpointUrl: server.url } };
      const { folder, close, messages } = await fill(
        newRoot(temp),
        { uri: 's3://bucket/d/', ...FAST },
        access,
      );
      await close();
      expect(messages).toEqual([
        `${folder} is still mounted: umount failed: busy; unmount it: umount ${folder}`,
      ]);
    });
  });

  test('a local folder is linked, without a notice', async () => {
    standIn('mount-s3', '');
    const root = newRoot(temp);
    writeObjects(join(root, 'data'), { a: '1' });
    const { folder, warnings } = await fill(root, { uri: join(root, 'data'), ...FAST });
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('1');
    expect(warnings).toEqual([]);
    expect(commands()).toEqual([]);
  });
});
