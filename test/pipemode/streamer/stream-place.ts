import { constants, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeRecordIO } from 'recordpipe';
import { epochOrder, type HostShare } from '../../../src/pipemode/streamer/channel-content.ts';
import {
  PipeModeStreamer,
  type StreamEvent,
  type StreamerInput,
} from '../../../src/pipemode/streamer/index.ts';

/** Writes objects to a folder. @returns their paths, in byte order */
export function writeObjects(
  folder: string,
  objects: Readonly<Record<string, Uint8Array | string>>,
): string[] {
  for (const [name, bytes] of Object.entries(objects)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return Object.keys(objects).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The expected bytes of an epoch, built in the simplest way. */
export function expectedEpoch(
  units: readonly (readonly Uint8Array[])[],
  epoch: number,
  how: {
    readonly seed?: number | undefined;
    readonly share?: HostShare | undefined;
    readonly wrap?: boolean;
  },
): Buffer {
  const order = epochOrder(units.length, epoch, { seed: how.seed, share: how.share });
  const parts = [...order].flatMap((place) => units[place]);
  return Buffer.concat(how.wrap ? parts.map((part) => encodeRecordIO(part, { escapeMagic: false })) : parts);
}

/** Opens a pipe without a thread that waits for its writer. */
export function openPipe(path: string): Socket {
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
}

/** Waits for a pipe. @returns its bytes until the writer closes it */
export async function readPipe(path: string, timeoutMs = 60_000): Promise<Buffer> {
  await appearance(path, timeoutMs);
  return buffer(openPipe(path));
}

/** Waits until `path` exists. */
export async function appearance(path: string, timeoutMs = 60_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!readdirSync(dirname(path), { encoding: 'utf8' }).includes(path.slice(dirname(path).length + 1))) {
    if (Date.now() > until) throw new Error(`${path} did not appear`);
    await sleep(5);
  }
}

/** Streams one channel and reads all its epochs. */
export async function readEpochs(given: StreamerInput & { readonly epochs: number }): Promise<Buffer[]> {
  mkdirSync(given.pipeDir, { recursive: true });
  await using streamer = new PipeModeStreamer(given);
  const running = streamer.run();
  running.catch(() => {});
  const epochs: Buffer[] = [];
  const name = given.channels[0].name;
  const reading = (async () => {
    for (let epoch = 0; epoch < given.epochs; epoch++)
      epochs.push(await readPipe(join(given.pipeDir, `${name}_${epoch}`)));
  })();
  reading.catch(() => {});
  await Promise.race([running.then(() => reading), Promise.all([reading, running])]);
  return epochs;
}

/** Collects events. */
export function eventLog(): {
  readonly events: StreamEvent[];
  readonly onEvent: (event: StreamEvent) => void;
} {
  const events: StreamEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}

export function gzipped(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes);
}
