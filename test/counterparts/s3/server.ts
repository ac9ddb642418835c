import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3-compatible service on this machine for the tests of one file. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Creates many objects at once, if the service has a fast way. */
  fill?(bucket: string, keys: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
const LOOK_MS = 50;

/** Returns a path in the directory where scripts/counterparts.sh installs. */
export function installed(path: string): string {
  return fileURLToPath(new URL(`../../../.cache/counterparts/${path}`, import.meta.url));
}

/** Returns an unused port on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The processes and the directory of a service. Both are removed at the end. */
export class ServerPlace {
  readonly path: string = mkdtempSync(join(tmpdir(), 'recordpipe-s3-'));
  readonly #children: ChildProcess[] = [];

  /** Starts a program. Its output goes to a file that is shown if the service does not start. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    const log = join(this.path, `${this.#children.length}.log`);
    const line = 'exec "$0" "$@" >>"$LOG_OF_SERVER" 2>&1';
    const child = spawn('sh', ['-c', line, command, ...args], {
      env: { ...process.env, LOG_OF_SERVER: log, ...env },
      cwd: this.path,
      stdio: 'ignore',
    });
    child.once('error', () => {});
    this.#children.push(child);
  }

  /** Waits until the service responds with any status. */
  async untilItAnswers(url: string): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (performance.now() < deadline) {
      try {
        await (await fetch(url)).arrayBuffer();
        return;
      } catch {
        const died = this.#children.findIndex(hasEnded);
        if (died >= 0) throw new Error(`a process ended: ${this.#lastWords(died)}`);
        await sleep(LOOK_MS);
      }
    }
    throw new Error(`${url}: no answer within ${START_MS / 1000} s`);
  }

  /**
   * Kills the processes. A clean shutdown is not needed, as no data is kept, and one of them would
   * wait for a stopped cluster.
   */
  async stop(): Promise<void> {
    const running = this.#children.filter((child) => !hasEnded(child));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(running.map((child) => once(child, 'exit')));
    rmSync(this.path, { recursive: true, force: true });
  }

  #lastWords(child: number): string {
    return readFileSync(join(this.path, `${child}.log`), 'utf8').slice(-2000);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Starts a service. If that fails, stops everything that was started. */
export async function inPlace<T extends object>(
  begin: (place: ServerPlace) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const place = new ServerPlace();
  try {
    return { ...(await begin(place)), stop: () => place.stop() };
  } catch (error) {
    await place.stop();
    throw error;
  }
}
