import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
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

/** Waits for a pipe. @returns what `cat` reads from it */
export async function catPipe(path: string, timeoutMs = 20_000): Promise<Buffer> {
  await appearance(path, timeoutMs);
  const cat = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  return buffer(cat.stdout);
}

/** Waits until `path` exists. */
export async function appearance(path: string, timeoutMs = 20_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!readdirSync(dirname(path), { encoding: 'utf8' }).includes(path.slice(dirname(path).length + 1))) {
    if (Date.now() > until) throw new Error(`${path} did not appear`);
    await sleep(5);
  }
}

/** Streams one channel and reads all its epochs with `cat`. */
export async function catEpochs(given: StreamerInput & { readonly epochs: number }): Promise<Buffer[]> {
  mkdirSync(given.pipeDir, { recursive: true });
  await using streamer = new PipeModeStreamer(given);
  const running = streamer.run();
  running.catch(() => {});
  const epochs: Buffer[] = [];
  const name = given.channels[0].name;
  const reading = (async () => {
    for (let epoch = 0; epoch < given.epochs; epoch++)
      epochs.push(await catPipe(join(given.pipeDir, `${name}_${epoch}`)));
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
