import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the other process runs: it passes bytes on to the port that it is given. */
const relay = (target: number): string => `
const net = require('node:net');
const server = net.createServer((a) => {
  const b = net.connect(${target}, '127.0.0.1');
  a.on('error', () => b.destroy());
  b.on('error', () => a.destroy());
  a.pipe(b).pipe(a);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;

/**
 * An address on which nobody answers: a listening socket whose process is stopped and whose queue is full, so that the system drops what
 * comes. `open()` lets the process go on: then it passes connections on to `port`. Needs SIGSTOP and the queue of Linux.
 */
export async function blackhole(port: number): Promise<Blackhole> {
  const child = spawn(process.execPath, ['-e', relay(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout!), 'line');
  child.kill('SIGSTOP');
  const hole = new Blackhole(child, Number(line));
  await hole.fill();
  return hole;
}

export class Blackhole implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #fillers: Socket[] = [];

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Connects until a connection is no longer answered. */
  async fill(): Promise<void> {
    for (let i = 0; i < 64; i++) {
      const socket = connect(this.#port, '127.0.0.1');
      socket.on('error', () => {});
      this.#fillers.push(socket);
      const connected = once(socket, 'connect').then(() => true);
      if (!(await Promise.race([connected, sleep(300, false)]))) return;
    }
    throw new Error('the queue of a listening socket does not fill up');
  }

  /** From now on connections are passed on. */
  open(): void {
    for (const socket of this.#fillers.splice(0)) socket.destroy();
    this.#child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
