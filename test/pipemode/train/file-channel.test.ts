import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { writeObjects } from '../streamer/stream-place.ts';
import { filesIn, fill, namesIn, newRoot, SMALL, withServer } from './filled-place.ts';

const temp = tempDir();

/** Objects whose contents are their names. */
function named(...keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [`bucket/${key}`, key]));
}

/** Fills a channel from a server with these objects. @returns its files with their contents */
async function filesOf(keys: readonly string[], uri: string): Promise<Record<string, string>> {
  let files = {};
  await withServer({ objects: named(...keys) }, async (server) => {
    const { folder } = await fill(newRoot(temp), { uri }, { objects: { endpointUrl: server.url } });
    files = filesIn(folder);
  });
  return files;
}

/** Fills a channel from a server with these objects. @returns the message of the error */
async function errorOf(keys: readonly string[], uri: string): Promise<string> {
  let message = '';
  await withServer({ objects: named(...keys) }, async (server) => {
    const root = newRoot(temp);
    const error = await fill(root, { uri }, { objects: { endpointUrl: server.url } }).then(
      () => new Error('filled'),
      (reason: Error) => reason,
    );
    expect(namesIn(root)).toEqual([]);
    message = error.message;
  });
  return message;
}

describe('paths of files', () => {
  test.each([
    [
      's3://bucket/data/train/',
      ['data/train/a', 'data/train/b/c'],
      { a: 'data/train/a', 'b/c': 'data/train/b/c' },
    ],
    [
      's3://bucket/data/train',
      ['data/train/a', 'data/train/b/c'],
      { a: 'data/train/a', 'b/c': 'data/train/b/c' },
    ],
    ['s3://bucket', ['a', 'b/c'], { a: 'a', 'b/c': 'b/c' }],
    ['s3://bucket/', ['a', 'b/c'], { a: 'a', 'b/c': 'b/c' }],
    // The prefix ends in the middle of a name.
    [
      's3://bucket/data/tra',
      ['data/train.csv', 'data/tra-in/x'],
      { 'train.csv': 'data/train.csv', 'tra-in/x': 'data/tra-in/x' },
    ],
    [
      's3://bucket/data/train',
      ['data/train/a', 'data/train-2/a'],
      { a: 'data/train/a', 'train-2/a': 'data/train-2/a' },
    ],
    // The prefix is the address of an object.
    ['s3://bucket/data/train.csv', ['data/train.csv'], { 'train.csv': 'data/train.csv' }],
    ['s3://bucket/train.csv', ['train.csv'], { 'train.csv': 'train.csv' }],
    // Files without records, which Pipe mode skips.
    [
      's3://bucket/d/',
      ['d/a.rec', 'd/a.idx', 'd/_SUCCESS'],
      { 'a.rec': 'd/a.rec', 'a.idx': 'd/a.idx', _SUCCESS: 'd/_SUCCESS' },
    ],
    ['s3://bucket/d/', ['d/only.idx'], { 'only.idx': 'd/only.idx' }],
    // Empty path elements, and keys that resemble patterns or escapes.
    ['s3://bucket/d/', ['d//a', 'd/b//c'], { a: 'd//a', 'b/c': 'd/b//c' }],
    [
      's3://bucket/d/',
      ['d/%2e%2e', 'd/a*b', 'd/...', 'd/é', 'd/a\\b'],
      { '%2e%2e': 'd/%2e%2e', 'a*b': 'd/a*b', '...': 'd/...', 'a\\b': 'd/a\\b' },
    ],
  ])('%s of %j', async (uri, keys, files) => {
    const found = await filesOf(keys, uri);
    expect(found).toMatchObject(files);
    expect(Object.keys(found)).toHaveLength(keys.length);
  });

  test('markers of folders become folders', async () => {
    await withServer(
      { objects: { ...named('d/x/a'), 'bucket/d/': '', 'bucket/d/y/z/': '' } },
      async (server) => {
        const { folder, files } = await fill(
          newRoot(temp),
          { uri: 's3://bucket/d/' },
          { objects: { endpointUrl: server.url } },
        );
        expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['x', 'x/a', 'y', 'y/z']);
        expect(files).toBe(1);
      },
    );
  });

  test.each([
    ['..', ['d/../../../../tmp/evil'], 'contains the path element ".."'],
    ['.', ['d/./a'], 'contains the path element "."'],
    ['a long name', [`d/${'x'.repeat(256)}`], 'has 256 bytes, but file names have at most 255'],
    ['a long name in UTF-8', [`d/${'é'.repeat(128)}/a`], 'has 256 bytes, but file names have at most 255'],
    ['a marker with contents', ['d/a', 'd/b/'], 'ends with a slash, but it is not empty'],
    ['a file that is also a folder', ['d/a', 'd/a/b/c'], 'd/a/b/c requires a to be a folder'],
    [
      'a folder that is also a file',
      ['d/a//b', 'd/a/b/c'],
      's3://bucket/d/a/b/c requires a/b to be a folder',
    ],
    ['two keys with one path', ['d//a', 'd/a'], 's3://bucket/d//a maps to the same file, a'],
  ])('%s is an error, and nothing is written', async (_what, keys, message) => {
    const error = await errorOf(keys, 's3://bucket/d/');
    expect(error).toContain(message);
    expect(error).toContain('rename it, or read the channel in Pipe mode');
    expect(existsSync('/tmp/evil')).toBe(false);
  });

  test('a name of 255 bytes is a file', async () => {
    const name = 'x'.repeat(255);
    expect(await filesOf([`d/${name}`], 's3://bucket/d/')).toEqual({ [name]: `d/${name}` });
  });

  test('a ManifestFile: paths are relative to its prefix, and a repeated object is one file', async () => {
    const manifest = JSON.stringify([{ prefix: 's3://bucket/data/' }, 'b/1', 'a', 'b/1']);
    await withServer(
      { objects: { ...named('data/a', 'data/b/1', 'data/c'), 'bucket/list': manifest } },
      async (server) => {
        const { folder, warnings, files, progress } = await fill(
          newRoot(temp),
          { uri: 's3://bucket/list', dataType: 'ManifestFile' },
          { objects: { endpointUrl: server.url } },
        );
        expect(filesIn(folder)).toEqual({ a: 'data/a', 'b/1': 'data/b/1' });
        expect(files).toBe(2);
        expect(warnings).toEqual(['duplicate-objects']);
        expect(progress.at(-1)).toEqual({ channel: 'train', files: 2, bytes: 14, totalFiles: 2 });
      },
    );
  });

  test('an AugmentedManifestFile: its objects by bucket and key, and a copy of it', async () => {
    const lines = ['x/1', 'x/2', 'x/1'].map(
      (key, label) =>
        `{"image-ref": "s3://bucket/${key}",  "label": ${label}, "other-ref": "s3://bucket/no"}`,
    );
    const text = `\n${lines.join('\r\n')}`;
    await withServer(
      { objects: { ...named('x/1', 'x/2', 'x/3'), 'bucket/m/train.jsonl': text } },
      async (server) => {
        const { folder, warnings, files } = await fill(
          newRoot(temp),
          {
            uri: 's3://bucket/m/train.jsonl',
            dataType: 'AugmentedManifestFile',
            attributeNames: ['image-ref', 'label'],
          },
          { objects: { endpointUrl: server.url } },
        );
        expect(filesIn(folder)).toEqual({
          'bucket/x/1': 'x/1',
          'bucket/x/2': 'x/2',
          'train.jsonl': `${lines.join('\n')}\n`,
        });
        expect(files).toBe(2);
        expect(warnings).toEqual(['augmented-files']);
      },
    );
  });
});

describe('hosts', () => {
  const hosts = ['algo-1', 'algo-2', 'algo-3'];

  test('ShardedByS3Key: the shares are disjoint and complete, also for a manifest and with a seed', async () => {
    const keys = Array.from({ length: 10 }, (_, i) => `d/${i}`);
    const list = JSON.stringify([{ prefix: 's3://bucket/d/' }, ...keys.map((key) => key.slice(2))]);
    await withServer({ objects: { ...named(...keys), 'bucket/list': list } }, async (server) => {
      for (const channel of [
        { uri: 's3://bucket/d/' },
        { uri: 's3://bucket/d/', shuffleSeed: 7 },
        { uri: 's3://bucket/list', dataType: 'ManifestFile' as const },
      ]) {
        const shares: string[][] = [];
        for (const current_host of hosts) {
          const { folder } = await fill(
            newRoot(temp),
            { ...channel, distribution: 'ShardedByS3Key' },
            { objects: { endpointUrl: server.url }, hosts: { current_host, hosts } },
          );
          shares.push(Object.keys(filesIn(folder)));
        }
        expect(shares.map(({ length }) => length)).toEqual([4, 3, 3]);
        expect(shares.flat().sort()).toEqual(keys.map((key) => key.slice(2)));
      }
    });
  });

  test('an augmented manifest: each host has its lines and their objects', async () => {
    const line = (i: number): string => `{"x-ref": "s3://bucket/d/${i}"}\n`;
    const all = Array.from({ length: 5 }, (_, i) => line(i));
    const keys = Array.from({ length: 5 }, (_, i) => `d/${i}`);
    await withServer({ objects: { ...named(...keys), 'bucket/m': all.join('') } }, async (server) => {
      const { folder } = await fill(
        newRoot(temp),
        {
          uri: 's3://bucket/m',
          dataType: 'AugmentedManifestFile',
          attributeNames: ['x-ref'],
          distribution: 'ShardedByS3Key',
        },
        { objects: { endpointUrl: server.url }, hosts: { current_host: 'algo-2', hosts } },
      );
      expect(filesIn(folder)).toEqual({ 'bucket/d/1': 'd/1', 'bucket/d/4': 'd/4', m: line(1) + line(4) });
    });
  });

  test('a host without objects receives an empty folder and a warning', async () => {
    await withServer({ objects: named('d/a') }, async (server) => {
      const { folder, warnings } = await fill(
        newRoot(temp),
        { uri: 's3://bucket/d/', distribution: 'ShardedByS3Key' },
        { objects: { endpointUrl: server.url }, hosts: { current_host: 'algo-2', hosts } },
      );
      expect(filesIn(folder)).toEqual({});
      expect(warnings).toEqual(['empty-share']);
    });
  });
});

describe('downloads', () => {
  const big = Buffer.alloc(300_000, 'abcdefg');

  test('downloads objects with many parts, empty objects and many small objects, with progress', async () => {
    const small = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`bucket/d/s/${i}`, `small ${i}`] as const),
    );
    const objects = { 'bucket/d/big': big, 'bucket/d/empty': '', ...small };
    await withServer({ objects, answersInRounds: true }, async (server) => {
      const { folder, files, bytes, progress } = await fill(
        newRoot(temp),
        { uri: 's3://bucket/d/' },
        { objects: { ...SMALL, endpointUrl: server.url } },
      );
      expect(readFileSync(join(folder, 'big')).equals(big)).toBe(true);
      expect(readFileSync(join(folder, 'empty'))).toHaveLength(0);
      expect(readFileSync(join(folder, 's/99'), 'utf8')).toBe('small 99');
      expect(files).toBe(102);
      expect(progress[0]).toEqual({
        channel: 'train',
        files: 0,
        bytes: 0,
        totalFiles: 102,
        totalBytes: bytes,
      });
      expect(progress.at(-1)).toEqual({ channel: 'train', files, bytes, totalFiles: 102, totalBytes: bytes });
      expect(server.maxConcurrent).toBeGreaterThan(4);
    });
  });

  test('broken connections and an overloaded service do not affect the result', async () => {
    await withServer(
      {
        objects: { 'bucket/d/big': big, ...named('d/a', 'd/b') },
        faults: [
          { operation: 'GetObject', key: 'd/big', do: 'reset', at: 1000, times: 3 },
          { operation: 'GetObject', key: 'd/a', do: 'status', status: 503, code: 'SlowDown', times: 2 },
          { operation: 'GetObject', key: 'd/b', do: 'close', at: 1 },
        ],
      },
      async (server) => {
        const { folder } = await fill(
          newRoot(temp),
          { uri: 's3://bucket/d/' },
          { objects: { ...SMALL, endpointUrl: server.url } },
        );
        expect(filesIn(folder)).toEqual({ a: 'd/a', b: 'd/b', big: big.toString('latin1') });
        expect(server.script.hits).toEqual([3, 2, 1]);
      },
    );
  });

  test.each([
    ['vanishes', { do: 'delete' }, 'object-missing'],
    ['is denied', { do: 'status', status: 403 }, 'access-denied'],
    ['is overwritten halfway', { do: 'overwrite', content: 'x', after: 3 }, 'object-changed'],
  ] as const)('an object that %s is an error, and no file remains', async (_what, fault, code) => {
    await withServer(
      {
        objects: { ...named('d/a'), 'bucket/d/big': big },
        faults: [{ operation: 'GetObject', key: 'd/big', times: 1000, ...fault }],
      },
      async (server) => {
        const root = newRoot(temp);
        await expect(
          fill(root, { uri: 's3://bucket/d/' }, { objects: { ...SMALL, endpointUrl: server.url } }),
        ).rejects.toMatchObject({ code, uri: 's3://bucket/d/big' });
        expect(namesIn(root)).toEqual([]);
        expect(openDescriptors(root)).toBe(0);
      },
    );
  });

  test('a checksum that does not match is an error', async () => {
    await withServer(
      {
        objects: { ...named('d/a'), 'bucket/d/big': big },
        faults: [{ operation: 'GetObject', key: 'd/big', do: 'flip', at: 5 }],
      },
      async (server) => {
        const root = newRoot(temp);
        const filling = fill(
          root,
          { uri: 's3://bucket/d/' },
          { objects: { ...SMALL, endpointUrl: server.url, verifyObject: true } },
        );
        await expect(filling).rejects.toMatchObject({ code: 'object-checksum' });
        expect(namesIn(root)).toEqual([]);
      },
    );
  });

  test('a missing object of a manifest is an error with its line, and skipMissing skips it', async () => {
    const line = (key: string): string => `{"x-ref": "s3://bucket/d/${key}"}\n`;
    const text = line('a') + line('gone') + line('b');
    await withServer({ objects: { ...named('d/a', 'd/b'), 'bucket/m': text } }, async (server) => {
      const channel = {
        uri: 's3://bucket/m',
        dataType: 'AugmentedManifestFile',
        attributeNames: ['x-ref'],
      } as const;
      const objects = { endpointUrl: server.url };
      await expect(fill(newRoot(temp), channel, { objects })).rejects.toMatchObject({
        code: 'object-missing',
        message: expect.stringContaining('line 2 of the manifest names this object'),
      });
      const { folder, warnings } = await fill(newRoot(temp), channel, { objects, skipMissing: true });
      expect(filesIn(folder)).toEqual({ 'bucket/d/a': 'd/a', 'bucket/d/b': 'd/b', m: line('a') + line('b') });
      expect(warnings).toContain('object-missing');
    });
  });

  test('an abort ends the requests and removes the downloaded files', async () => {
    await withServer(
      {
        objects: { 'bucket/d/a': 'a', 'bucket/d/big': big },
        faults: [{ operation: 'GetObject', key: 'd/big', do: 'stall', at: 1000 }],
      },
      async (server) => {
        const root = newRoot(temp);
        const stop = new AbortController();
        const filling = fill(
          root,
          { uri: 's3://bucket/d/' },
          {
            objects: { ...SMALL, endpointUrl: server.url },
            signal: stop.signal,
            onProgress: ({ files }) => files > 0 && stop.abort(),
          },
        );
        await expect(filling).rejects.toMatchObject({ code: 'aborted' });
        expect(namesIn(root)).toEqual([]);
        expect(openDescriptors(root)).toBe(0);
      },
    );
  });

  test('data that does not fit on the disk is rejected before the download', async () => {
    await withServer({ objects: { 'bucket/d/huge': { size: 2 ** 50 } } }, async (server) => {
      const root = newRoot(temp);
      await expect(
        fill(root, { uri: 's3://bucket/d/' }, { objects: { endpointUrl: server.url } }),
      ).rejects.toMatchObject({
        code: 'io-failure',
        message: expect.stringMatching(
          /the channel needs 1\.0 PiB, but its disk has only .* free; .*Pipe mode/,
        ),
      });
      expect(server.requests('GetObject')).toEqual([]);
      expect(namesIn(root)).toEqual([]);
    });
  });

  test('a disk that fills up causes an error, and no file remains', async ({ skip }) => {
    const root = newRoot(temp);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' });
    } catch {
      skip('needs the right to mount a small file system');
    }
    try {
      const list = JSON.stringify([{ prefix: 's3://bucket/' }, 'a', 'big']);
      await withServer(
        { objects: { ...named('a'), 'bucket/big': { size: 2 ** 22 }, 'bucket/m': list } },
        async (server) => {
          await expect(
            fill(
              root,
              { uri: 's3://bucket/m', dataType: 'ManifestFile' },
              { objects: { endpointUrl: server.url } },
            ),
          ).rejects.toMatchObject({
            code: 'io-failure',
            message: expect.stringMatching(/no space is left on the disk .*free disk space/),
          });
          expect(namesIn(root)).toEqual([]);
          expect(openDescriptors(root)).toBe(0);
        },
      );
    } finally {
      execFileSync('umount', [root]);
    }
  });
});

describe('local data', () => {
  test('a folder is linked as a whole', async () => {
    const root = newRoot(temp);
    writeObjects(join(root, 'data'), { 'a.txt': 'one', 'b/c.txt': 'three', 'a.idx': 'i' });
    const { folder, files, bytes, linkedFolders } = await fill(root, { uri: join(root, 'data') });
    expect(readlinkSync(folder)).toBe(realpathSync(join(root, 'data')));
    expect(linkedFolders).toEqual([realpathSync(join(root, 'data'))]);
    expect({ files, bytes }).toEqual({ files: 3, bytes: 9 });
  });

  test('a file, a share of a folder and a manifest are linked file by file', async () => {
    const root = newRoot(temp);
    const data = join(root, 'my data');
    writeObjects(data, { a: '1', 'b/c': '2', d: '3', '.hidden': 'h' });
    const one = await fill(root, { uri: join(data, 'a') });
    expect(filesIn(one.folder)).toEqual({ a: '1' });
    expect(readlinkSync(join(one.folder, 'a'))).toBe(join(data, 'a'));
    const share = await fill(
      newRoot(temp),
      { uri: new URL(`file://${data}`).href, distribution: 'ShardedByS3Key' },
      { hosts: { current_host: 'algo-2', hosts: ['algo-1', 'algo-2'] } },
    );
    expect(filesIn(share.folder)).toEqual({ 'b/c': '2', '.hidden': 'h' });
    const manifest = join(root, 'list.json');
    writeFileSync(manifest, JSON.stringify([{ prefix: `${data}/` }, 'd', 'b/c']));
    const listed = await fill(newRoot(temp), { uri: manifest, dataType: 'ManifestFile' });
    expect(filesIn(listed.folder)).toEqual({ d: '3', 'b/c': '2' });
    expect(listed.bytes).toBe(2);
    const augmented = join(root, 'lines');
    writeFileSync(augmented, `{"x-ref": "${data}/d"}\n`);
    const lines = await fill(newRoot(temp), {
      uri: augmented,
      dataType: 'AugmentedManifestFile',
      attributeNames: ['x-ref'],
    });
    expect(filesIn(lines.folder)).toEqual({ [`${data.slice(1)}/d`]: '3', lines: `{"x-ref": "${data}/d"}\n` });
  });

  test('missing data is an error: a folder, and a file of a manifest', async () => {
    const root = newRoot(temp);
    const missing = join(root, 'missing');
    await expect(fill(root, { uri: missing })).rejects.toMatchObject({
      code: expect.stringMatching(/missing|not-found/),
    });
    const manifest = join(root, 'list.json');
    writeFileSync(manifest, JSON.stringify([{ prefix: root }, '/missing']));
    await expect(fill(root, { uri: manifest, dataType: 'ManifestFile' })).rejects.toMatchObject({
      code: 'not-found',
      uri: missing,
    });
    expect(namesIn(root)).toEqual([]);
  });

  test('a pattern is a usage error, but a folder whose name looks like one is data', async () => {
    const root = newRoot(temp);
    await expect(fill(root, { uri: join(root, '*.txt') })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('name the folder, or list the files in a manifest'),
    });
    writeObjects(join(root, 'data[1]'), { a: '1' });
    expect(filesIn(realpathSync((await fill(root, { uri: join(root, 'data[1]') })).folder))).toEqual({
      a: '1',
    });
  });

  test('data and the folder of the channel must not overlap, and data is never removed', async () => {
    const root = newRoot(temp);
    const inside = join(root, 'input/data/train');
    writeObjects(inside, { 'x/a': '1' });
    const manifest = join(root, 'list.json');
    writeFileSync(manifest, JSON.stringify([{ prefix: `${inside}/` }, 'x/a']));
    for (const channel of [
      { uri: inside },
      { uri: join(inside, 'x') },
      { uri: root },
      { uri: manifest, dataType: 'ManifestFile' as const },
    ])
      await expect(fill(root, channel, { existing: 'clear' })).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('use another root folder'),
      });
    expect(filesIn(inside)).toEqual({ 'x/a': '1' });
  });
});

describe('data of an earlier run', () => {
  test('is rejected, or cleared', async () => {
    const root = newRoot(temp);
    writeObjects(join(root, 'data'), { a: '1' });
    const folder = join(root, 'input/data/train');
    writeObjects(folder, { old: 'x' });
    await expect(fill(root, { uri: join(root, 'data') })).rejects.toMatchObject({
      code: 'already-exists',
      uri: folder,
    });
    expect(filesIn(folder)).toEqual({ old: 'x' });
    await fill(root, { uri: join(root, 'data') }, { existing: 'clear' });
    expect(readlinkSync(folder)).toBe(realpathSync(join(root, 'data')));
    // The link is removed, but not its target.
    await fill(root, { uri: join(root, 'data/a') }, { existing: 'clear' });
    expect(filesIn(folder)).toEqual({ a: '1' });
    expect(filesIn(join(root, 'data'))).toEqual({ a: '1' });
  });

  test('an empty folder and incomplete data of a killed run do not prevent a run', async () => {
    const root = newRoot(temp);
    writeObjects(join(root, 'data'), { a: '1' });
    mkdirSync(join(root, 'input/data/train'), { recursive: true });
    writeObjects(join(root, 'input/data/.train.0123456789abcdef.tmp'), { 'x/half': '1' });
    const { messages } = await fill(root, { uri: join(root, 'data') });
    expect(messages).toEqual([
      expect.stringContaining('.train.0123456789abcdef.tmp is incomplete data of a run'),
    ]);
    await fill(root, { uri: join(root, 'data') }, { existing: 'clear' });
    expect(namesIn(root)).toEqual(['train']);
  });

  test('a link in place of the folder is not followed', async () => {
    const root = newRoot(temp);
    const other = newRoot(temp);
    writeObjects(other, { precious: 'x' });
    mkdirSync(join(root, 'input/data'), { recursive: true });
    symlinkSync(other, join(root, 'input/data/train'));
    await withServer({ objects: named('d/a') }, async (server) => {
      const objects = { endpointUrl: server.url };
      await expect(fill(root, { uri: 's3://bucket/d/' }, { objects })).rejects.toMatchObject({
        code: 'already-exists',
      });
      const { folder } = await fill(root, { uri: 's3://bucket/d/' }, { objects, existing: 'clear' });
      expect(filesIn(folder)).toEqual({ a: 'd/a' });
      expect(filesIn(other)).toEqual({ precious: 'x' });
    });
  });
});

describe('settings that File mode does not support', () => {
  test.each([
    [{ compression: 'Gzip' }, 'compression of channel train: not supported in File mode'],
    [{ recordWrapper: 'RecordIO' }, 'recordWrapper of channel train: not supported in File mode'],
    [{ inputMode: 'Pipe' }, 'inputMode of channel train: expected File or FastFile'],
  ] as const)('%j', async (setting, message) => {
    await expect(fill(newRoot(temp), { uri: 's3://bucket/d/', ...setting })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });
});
