import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns the source code of the other process, which relays connections to a port. */
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
 * An address that does not respond: a listening socket whose process is stopped and whose queue is
 * full, so that the system drops connection attempts. `open()` resumes the process, which then
 * relays connections to `port`. Requires SIGSTOP and Linux's queue.
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

  /** Connects until a connection is no longer accepted. */
  async fill(): Promise<void> {
    for (let i = 0; i < 64; i++) {
      const socket = connect(this.#port, '127.0.0.1');
      socket.on('error', () => {});
      this.#fillers.push(socket);
      await Promise.race([once(socket, 'connect'), sleep(300)]);
      // On a busy machine, the time may have passed before this process looked at its sockets.
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
      if (socket.connecting) return;
    }
    throw new Error('the queue of a listening socket does not fill up');
  }

  /** Relays connections from now on. */
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
