// Measures scanTFRecords on frames in kernel memory: `node native/bench-scan.mjs
// [PAYLOAD_LENGTH]...`. Prints GB/s of file bytes (payload + 16 per record) for a region of 512
// KiB; the figure is the lower quartile of many runs. `~100` means lengths of 92 to 108.
import { readFile } from 'node:fs/promises';

const REGION = 512 * 1024;
const RUNS = 60;
const VERIFY_BOTH = 3;
const ANY_LENGTH = 0xffffffff;
const defaults = '0 16 32 64 100 ~100 128 200 256 400 512 700 1000 ~1000 2000 4000 10000 100000'.split(' ');

const generated = await readFile(new URL('../src/crc32c/wasm-module.generated.ts', import.meta.url), 'utf8');
const wasmModule = generated.match(/'([^']+)'/)[1];
const kernel = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasmModule, 'hex'))).exports;
kernel.memory.grow(REGION / 65536 + 2);
const memory = new Uint8Array(kernel.memory.buffer);
const start = kernel.heapBase.value;

function fill(spec) {
  const about = spec.startsWith('~');
  const length = Number(about ? spec.slice(1) : spec);
  let at = start;
  let records = 0;
  for (;;) {
    const bytes = about ? length - 8 + Math.floor(Math.random() * 17) : length;
    if (at + bytes + 16 > start + REGION) return { end: at, records };
    for (let i = 0; i < bytes; i++) memory[at + 12 + i] = Math.random() * 256;
    kernel.sealTFRecord(at, bytes);
    at += bytes + 16;
    records += 1;
  }
}

const results = {};
for (const spec of process.argv.length > 2 ? process.argv.slice(2) : defaults) {
  const { end, records } = fill(spec);
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const began = process.hrtime.bigint();
    for (let i = 0; i < 10; i++) {
      if (kernel.scanTFRecords(start, end, 0, 0, ANY_LENGTH, VERIFY_BOTH) !== records)
        throw new Error('bad frame');
    }
    times.push(Number(process.hrtime.bigint() - began) / 10);
  }
  const time = times.sort((a, b) => a - b)[RUNS >> 2];
  results[spec] = {
    'GB/s': +((end - start) / time).toFixed(2),
    'ns per record': +(time / records).toFixed(1),
  };
}
console.table(results);
