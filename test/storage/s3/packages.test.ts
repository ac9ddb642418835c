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

test('a user without a passwd entry gets a home directory that does not exist', async () => {
  const { s3Sdk } = await import('../../../src/storage/s3/packages.ts');
  vi.stubEnv('HOME', undefined);
  failing.homedir = true;
  await s3Sdk();
  expect(process.env['HOME']).toBe('/nonexistent');
  vi.stubEnv('HOME', '/home/ann');
  await s3Sdk();
  expect(process.env['HOME']).toBe('/home/ann');
});

test('creating a client does not warn about the version of Node', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const { statObject } = await import('../../../src/storage/index.ts');
  const options = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 };
  const stat = statObject('s3://bucket/a', {
    ...options,
    region: 'us-east-1',
    endpointUrl: 'http://127.0.0.1:1',
  });
  await expect(stat).rejects.toMatchObject({ code: 'retries-exhausted' });
  await new Promise(setImmediate);
  process.off('warning', note);
  expect(warnings).toEqual([]);
  expect(process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED']).toBeUndefined();
});

test('too many open files while a package loads is an error that names the limit', async () => {
  const { loadOptional } = await import('../../../src/storage/s3/packages.ts');
  const tooMany = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  await expect(loadOptional(() => Promise.reject(tooMany))).rejects.toMatchObject({
    code: 'io-failure',
    message: expect.stringMatching(/ulimit -n/),
  });
});
