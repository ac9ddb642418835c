import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../subjects/kernels.mjs', import.meta.url));

/** Measures CRC32C kernels by size in one process on one core, in GB/s. */
export async function runKernels(cases, { smoke, core, rounds, log, add }) {
  const sizes = cases.map(({ size }) => size);
  const args = [PROGRAM, sizes.join(','), String(smoke ? 1 : 2 * rounds + 1), String(smoke ? 2 : 15)];
  const pinned =
    core === undefined ? [process.execPath, ...args] : ['taskset', '-c', core, process.execPath, ...args];
  const { status, stdout, stderr } = spawnSync(pinned[0], pinned.slice(1), { encoding: 'utf8' });
  if (status !== 0) {
    log(`failed: kernel (${stderr.trim()})`);
    for (const size of sizes)
      add({ group: 'kernel', size, who: 'recordpipe', what: 'crc32c', failed: lastLine(stderr) });
  }
  for (const line of stdout.split('\n').filter(Boolean)) {
    const { size, figures } = JSON.parse(line);
    for (const { name, seconds, skipped, version } of figures) {
      const [who, detail] = name.split(', ');
      const what = detail === undefined ? 'crc32c' : `crc32c ${detail}`;
      const place = { group: 'kernel', size, who, what, cores: 'one', version };
      add(
        skipped
          ? { ...place, skipped }
          : { ...place, unit: 'GB/s', rounds: seconds.map((s) => size / s / 1e9) },
      );
    }
  }
}

function lastLine(text) {
  return (
    text
      .trim()
      .split('\n')
      .find((line) => /Error/.test(line)) ?? text.trim().split('\n').at(-1)
  );
}
