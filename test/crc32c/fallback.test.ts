import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { oracleCrc32c } from '../support/oracle-crc.ts';
import { FILE, PAYLOADS } from '../support/samples.ts';

type Root = typeof import('../../src/index.ts');

const real = WebAssembly;

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv('RECORDPIPE_KERNEL', '');
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

async function tablesServe(root: Root): Promise<void> {
  expect(root.crc32cKernel()).toBe('table');
  expect(root.crc32c(FILE)).toBe(oracleCrc32c(FILE));
  expect([...root.decodeTFRecords(FILE)]).toEqual(PAYLOADS);
  expect((await root.scanTFRecords(FILE)).records).toBe(PAYLOADS.length);
  const records: Uint8Array[] = [];
  for await (const record of root.readTFRecords([FILE], { reuse: true })) records.push(record.slice());
  expect(records).toEqual(PAYLOADS);
}

describe('the tables are used if WebAssembly', () => {
  test('is missing', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await tablesServe(await import('../../src/index.ts'));
  });

  test('must not be compiled (Content-Security-Policy)', async () => {
    class Forbidden {
      constructor() {
        throw new EvalError("Refused to compile: 'wasm-unsafe-eval' is not an allowed source");
      }
    }
    vi.stubGlobal('WebAssembly', {
      ...real,
      Module: Forbidden,
      Instance: real.Instance,
      Memory: real.Memory,
    });
    await tablesServe(await import('../../src/index.ts'));
  });

  test('lacks SIMD', async () => {
    class WithoutSimd {
      constructor() {
        throw new real.CompileError('invalid value type 0x7b');
      }
    }
    vi.stubGlobal('WebAssembly', {
      ...real,
      Module: WithoutSimd,
      Instance: real.Instance,
      Memory: real.Memory,
    });
    await tablesServe(await import('../../src/index.ts'));
  });

  test('cannot be instantiated', async () => {
    class OutOfMemory {
      constructor() {
        throw new UsageError('WebAssembly.Instance(): Out of memory');
      }
    }
    vi.stubGlobal('WebAssembly', {
      ...real,
      Module: real.Module,
      Instance: OutOfMemory,
      Memory: real.Memory,
    });
    await tablesServe(await import('../../src/index.ts'));
  });

  test('is disabled: RECORDPIPE_KERNEL=table', async () => {
    vi.stubEnv('RECORDPIPE_KERNEL', 'table');
    await tablesServe(await import('../../src/index.ts'));
  });
});

test('otherwise, the WebAssembly kernel is used', async () => {
  const root = await import('../../src/index.ts');
  expect(root.crc32cKernel()).toBe('wasm');
  expect(root.crc32c(FILE)).toBe(oracleCrc32c(FILE));
});

test('importing compiles nothing and reads nothing from the host', async () => {
  const compiled = vi.fn();
  class Watched extends real.Module {
    constructor(bytes: BufferSource) {
      compiled();
      super(bytes);
    }
  }
  vi.stubGlobal('WebAssembly', { ...real, Module: Watched, Instance: real.Instance, Memory: real.Memory });
  const builtin = vi.spyOn(process, 'getBuiltinModule');
  const root = await import('../../src/index.ts');
  expect(compiled).not.toHaveBeenCalled();
  expect(builtin).not.toHaveBeenCalled();
  root.crc32c(FILE);
  expect(compiled).toHaveBeenCalledTimes(1);
  root.crc32c(FILE);
  await root.scanTFRecords(FILE);
  expect(compiled).toHaveBeenCalledTimes(1);
  builtin.mockRestore();
});
