import { rename } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { renameFile } from '../../src/storage/local/rename-file.ts';

const failures: string[] = [];
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  rename: vi.fn(async () => {
    const code = failures.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  }),
}));

const platform = (name: string): void => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(name as NodeJS.Platform);
};

test('a file that another program has open on Windows is renamed when that program closes it', async () => {
  platform('win32');
  failures.push('EPERM', 'EBUSY', 'EACCES');
  await renameFile('a', 'b');
  expect(rename).toHaveBeenCalledTimes(4);
});

test.each([
  ['win32', 'ENOENT'],
  ['linux', 'EPERM'],
])('on %s, %s is an error at once', async (name, code) => {
  platform(name);
  failures.push(code);
  await expect(renameFile('a', 'b')).rejects.toMatchObject({ code });
  expect(failures).toEqual([]);
});
