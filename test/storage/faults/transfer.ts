import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RecordpipeError } from '../../../src/errors.ts';
import {
  type ObjectOptions,
  type ObjectRefs,
  type ObjectsReadOptions,
  readObjects,
  type TransferEvent,
  type TransferStats,
} from '../../../src/storage/index.ts';
import { processGate } from '../../../src/storage/prefetch/request-gate.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { pieces } from '../../support/faulty-s3/content.ts';
import {
  type ContentLike,
  contentOf,
  type FaultyS3,
  type FaultyS3Options,
  faultyS3,
} from '../../support/faulty-s3/index.ts';

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/**
 * Small parts, so that a few hundred kilobytes consist of many parts. Timeouts have their defaults,
 * so that no request is retried only because the machine is busy.
 */
export const SMALL: Partial<ObjectOptions> = {
  region: 'us-east-1',
  partBytes: 64 * 1024,
  windowBytes: 512 * 1024,
};

/** Timeouts that are short enough for a test. */
export const IMPATIENT: Partial<ObjectOptions> = {
  ...SMALL,
  connectTimeoutMs: 1000,
  headersTimeoutMs: 300,
  idleTimeoutMs: 300,
};

/** The result of a transfer. */
export interface Transferred {
  /** SHA-256 of all bytes, in order. */
  readonly digest: string;
  readonly bytes: number;
  readonly error: RecordpipeError | undefined;
  readonly stats: TransferStats;
  readonly events: readonly TransferEvent[];
}

/**
 * Runs a test with a server. Then checks that, regardless of the test, no request is in progress,
 * no connection is open, and no timer remains that did not exist before.
 */
export async function withServer(
  options: Partial<FaultyS3Options>,
  run: (server: FaultyS3) => Promise<void>,
): Promise<void> {
  Object.assign(process.env, CREDENTIALS);
  forgetThrottling();
  const before = resources();
  const server = await faultyS3(options);
  try {
    await run(server);
    await closeS3Clients();
    await server.quiet();
    expect(processGate.active).toBe(0);
  } finally {
    await closeS3Clients();
    await server.close();
  }
  const more = (): string[] =>
    resources().filter((kind) => countOf(kind, resources()) > countOf(kind, before));
  for (let tries = 0; tries < 3000 && more().length > 0; tries++) await sleep(10);
  expect(more()).toEqual([]);
}

/**
 * Restores the number of requests that a process may send. A service that was busy in an earlier
 * test, also in one of another file in this process, has reduced it.
 */
export function forgetThrottling(): void {
  for (let parts = 0; processGate.limit < 32 && parts < 1000; parts++) processGate.clean();
}

function countOf(kind: string, kinds: readonly string[]): number {
  return kinds.filter((other) => other === kind).length;
}

/** Returns the kinds of the connections and timers that keep this process alive, one by one. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => /^(TCP|Connect|GetAddrInfo|Timeout|Immediate)/.test(kind));
}

/** Reads objects to their end, or until reading fails. */
export async function transferred(
  server: { readonly url: string },
  refs: string | ObjectRefs,
  options: ObjectsReadOptions = {},
): Promise<Transferred> {
  Object.assign(process.env, CREDENTIALS);
  const events: TransferEvent[] = [];
  const hash = createHash('sha256');
  const all = typeof refs === 'string' ? [{ uri: refs }] : refs;
  const read = readObjects(all, {
    ...SMALL,
    endpointUrl: server.url,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  let bytes = 0;
  let error: RecordpipeError | undefined;
  try {
    for await (const { chunk } of read) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (thrown) {
    error = thrown as RecordpipeError;
  }
  return { digest: hash.digest('hex'), bytes, error, stats: read.stats, events };
}

/** Returns the SHA-256 of the concatenated contents. */
export function digestOf(...contents: readonly ContentLike[]): string {
  const hash = createHash('sha256');
  for (const content of contents.map(contentOf))
    for (const piece of pieces(content, 0, content.size, 1024 * 1024)) hash.update(piece);
  return hash.digest('hex');
}

/** Expects that all bytes arrived and are correct. */
export function expectWhole({ digest, error }: Transferred, ...contents: readonly ContentLike[]): void {
  expect(error).toBeUndefined();
  expect(digest).toBe(digestOf(...contents));
}
