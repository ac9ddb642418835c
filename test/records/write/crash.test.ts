import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { readAll } from '../../support/outcome.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bundle } from './bundle.ts';
import { bytesOf, namesIn, recordsOf } from './written.ts';

const folder = tempDir();
let library: string;
beforeAll(async () => {
  library = await bundle('records/write/index.ts', folder.file('files.mjs'));
});

/** Runs a child process that writes forever, and kills it once it has written enough. */
async function killedWhileWriting(open: string): Promise<void> {
  const script = `
    import { openTFRecordShards, openTFRecordWriter } from ${JSON.stringify(pathToFileURL(library).href)};
    const writer = await ${open};
    for (let i = 0; ; i++) {
      await writer.write(new Uint8Array(1000).fill(i));
      if (i === 500) console.log('enough');
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
}

describe('a process killed while it writes', () => {
  test.each(['none', 'gzip'])('%s: the file does not exist', async (compression) => {
    const path = folder.file(`new-${compression}`);
    const options = JSON.stringify({ compression, bufferBytes: 4096 });
    await killedWhileWriting(`openTFRecordWriter(${JSON.stringify(path)}, ${options})`);
    expect(existsSync(path)).toBe(false);
  });

  test('an existing file remains', async () => {
    const path = folder.file('older');
    writeFileSync(path, 'older');
    await killedWhileWriting(
      `openTFRecordWriter(${JSON.stringify(path)}, { bufferBytes: 4096, overwrite: true })`,
    );
    expect(Buffer.from(bytesOf(path)).toString()).toBe('older');
  });

  test('no shard exists', async () => {
    const prefix = folder.file('train');
    const options = '{ bufferBytes: 4096, maxShardBytes: 50000 }';
    await killedWhileWriting(`openTFRecordShards(${JSON.stringify(prefix)}, ${options})`);
    expect(namesIn(folder.path).filter((name) => name.startsWith('train'))).toEqual([]);
  });

  test('in place: whole records, then possibly part of one', async () => {
    const path = folder.file('in-place');
    await killedWhileWriting(
      `openTFRecordWriter(${JSON.stringify(path)}, { bufferBytes: 4096, atomic: false })`,
    );
    const { payloads, error } = await readAll(path);
    expect(payloads.length).toBeGreaterThan(300);
    expect(payloads.every((payload, i) => payload.length === 1000 && payload[0] === i % 256)).toBe(true);
    expect([undefined, 'truncated-record', 'truncated-header']).toContain(error?.code);
  });
});

test('a failed write that is not awaited does not end the process; close() reports it', async () => {
  const script = `
    import { openTFRecordWriter } from ${JSON.stringify(pathToFileURL(library).href)};
    const writer = await openTFRecordWriter('/dev/full', { bufferBytes: 4096 });
    try {
      for (let i = 0; i < 200; i++) writer.write(new Uint8Array(i === 50 ? 10_000 : 1000));
    } catch (error) { console.log(error.code); }
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.close().catch((error) => console.log(error.code, error.uri));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  expect(output).toBe('io-failure /dev/full\n');
  expect(code).toBe(0);
});

describe('a host without Symbol.asyncDispose', () => {
  const without = runInNewContext('typeof Symbol.asyncDispose') === 'undefined';

  test.runIf(without)('can import the writers and use them', async () => {
    const script = await bundle('records/write/index.ts', folder.file('files.cjs'), { format: 'cjs' });
    const path = folder.file('old-host');
    const module = { exports: {} as typeof import('../../../src/records/write/index.ts') };
    const globals = {
      module,
      process,
      Uint8Array,
      TextEncoder,
      TextDecoder,
      WebAssembly,
      atob,
      URL,
      AbortController,
    };
    runInNewContext(Buffer.from(bytesOf(script)).toString(), {
      ...globals,
      require: createRequire(import.meta.url),
    });
    const writer = await module.exports.openTFRecordWriter(path);
    await writer.write(Uint8Array.of(4));
    await writer.close();
    expect(await recordsOf(path)).toEqual([Uint8Array.of(4)]);
  });
});
