import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('delay.mjs', import.meta.url));

/** Starts a relay to `port` with this round-trip time: see delay.mjs. */
export async function startDelay(port, milliseconds) {
  const child = spawn(process.execPath, [PROGRAM, String(port), String(milliseconds)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [own] = await once(child.stdout, 'data');
  return {
    endpoint: `http://127.0.0.1:${String(own).trim()}`,
    async close() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
