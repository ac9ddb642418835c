import { afterEach, expect, test, vi } from 'vitest';

const failing = vi.hoisted(() => ({ homedir: false }));
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  const homedir = (): string => {
    if (failing.homedir)
      throw Object.assign(new Error('uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
    return os.homedir();
  };
  return { ...os, homedir, default: { ...os, homedir } };
});

afterEach(() => vi.unstubAllEnvs());

test('a user without a passwd entry gets a home folder that does not exist', async () => {
  const { s3Sdk } = await import('../../../src/storage/s3/sdk.ts');
  vi.stubEnv('HOME', undefined);
  failing.homedir = true;
  await s3Sdk();
  expect(process.env['HOME']).toBe('/nonexistent');
  vi.stubEnv('HOME', '/home/ann');
  await s3Sdk();
  expect(process.env['HOME']).toBe('/home/ann');
});
