import { encodeTFRecord } from 'recordpipe';
import { expandInputs } from 'recordpipe/check';
import { listObjects } from 'recordpipe/storage';
import { expect, test, vi } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

// Windows separates names with backslashes, and accepts slashes.
vi.mock('node:path', async (original) => ({ ...(await original<object>()), sep: '\\' }));

const temp = tempDir();
const files = ['a.tfrecord', 'b.tfrecord'].map((name) =>
  temp.file(name, encodeTFRecord(new Uint8Array(1))).replaceAll('\\', '/'),
);
const folder = temp.path.replaceAll('/', '\\');

test.each([
  ['a pattern', `${folder}\\*.tfrecord`],
  ['a folder', folder],
  ['a folder with a separator at its end', `${folder}\\`],
])('a path with backslashes is %s on Windows', async (_, input) => {
  expect(await expandInputs([input])).toEqual(files);
});

test('a prefix with backslashes is listed on Windows', async () => {
  const uris: string[] = [];
  for await (const { uri } of listObjects(`${folder}\\a`)) uris.push(uri);
  expect(uris).toEqual([files[0]]);
});
