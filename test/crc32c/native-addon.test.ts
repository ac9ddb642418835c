import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { oracleCrc32c } from '../support/oracle-crc.ts';
import { FILE, PAYLOADS } from '../support/samples.ts';

type Root = typeof import('../../src/index.ts');

/**
 * Imports recordpipe on a host that has a folder of the package recordpipe-native, where loading it
 * gives this result.
 */
async function withPackage(load: () => unknown, hasFolder = true): Promise<Root> {
  const modules: Record<string, unknown> = {
    'node:module': { createRequire: () => load },
    'node:fs': { existsSync: (url: URL) => hasFolder && url.pathname.endsWith('recordpipe-native') },
  };
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) => modules[name]) as never);
  return await import('../../src/index.ts');
}

function missing(): never {
  throw Object.assign(new Error("Cannot find module 'recordpipe-native'"), { code: 'MODULE_NOT_FOUND' });
}

function broken(): never {
  throw Object.assign(new Error('build/recordpipe.node: file too short'), { code: 'ERR_DLOPEN_FAILED' });
}

const UNUSABLE: [string, () => unknown, string][] = [
  [
    'is missing',
    missing,
    'the package recordpipe-native is not installed; build it with `npm run build:addon`',
  ],
  [
    'cannot be loaded',
    broken,
    'recordpipe-native cannot be loaded (build/recordpipe.node: file too short); build it with `npm run build:addon` again',
  ],
  [
    'has another interface',
    () => ({ abi: 99, kernels: ['x'] }),
    'recordpipe-native belongs to another version of recordpipe; build it with `npm run build:addon` again',
  ],
  [
    'does not support the processor',
    () => ({ abi: 1, kernels: [] }),
    'this processor has neither SSE4.2 with PCLMULQDQ nor CRC32 with PMULL',
  ],
];

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe.each(UNUSABLE)('if the native package %s', (_, load, problem) => {
  test('WebAssembly is used, without a warning', async () => {
    vi.stubEnv('RECORDPIPE_KERNEL', undefined);
    const warned = vi.spyOn(process, 'emitWarning');
    const root = await withPackage(load);
    expect(root.crc32cKernel()).toBe('wasm');
    expect([...root.decodeTFRecords(FILE)]).toEqual(PAYLOADS);
    expect(warned).not.toHaveBeenCalled();
  });

  test('RECORDPIPE_KERNEL=native is an error that names the reason and the next step', async () => {
    vi.stubEnv('RECORDPIPE_KERNEL', 'native');
    const root = await withPackage(load);
    const message = `RECORDPIPE_KERNEL=native: ${problem}; unset RECORDPIPE_KERNEL to use WebAssembly`;
    const expected = expect.objectContaining({ code: 'invalid-argument', message });
    expect(() => root.crc32c(FILE)).toThrow(expected);
    expect(() => root.crc32cKernel()).toThrow(expected);
    await expect(root.scanTFRecords(FILE)).rejects.toThrow(expected);
  });
});

test('an installed native package is used', async () => {
  vi.stubEnv('RECORDPIPE_KERNEL', undefined);
  const crc32c = vi.fn(oracleCrc32c);
  const root = await withPackage(() => ({ abi: 1, kernels: ['x'], registers: new Float64Array(6), crc32c }));
  expect(root.crc32cKernel()).toBe('native');
  expect(root.crc32c(FILE)).toBe(oracleCrc32c(FILE));
  expect(crc32c).toHaveBeenCalledTimes(1);
});

test.each(['wasm', 'table'] as const)(
  'RECORDPIPE_KERNEL=%s does not load the native package',
  async (kernel) => {
    vi.stubEnv('RECORDPIPE_KERNEL', kernel);
    const load = vi.fn(missing);
    const root = await withPackage(load);
    expect(root.crc32cKernel()).toBe(kernel);
    expect(load).not.toHaveBeenCalled();
  },
);

test('a package without a folder is not loaded', async () => {
  vi.stubEnv('RECORDPIPE_KERNEL', undefined);
  const load = vi.fn(missing);
  const root = await withPackage(load, false);
  expect(root.crc32cKernel()).toBe('wasm');
  expect(load).not.toHaveBeenCalled();
});
