import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RecordpipeError } from '../../../src/errors.ts';
import {
  PipeModeStreamer,
  type StreamChannelInput,
  type StreamEvent,
} from '../../../src/pipemode/streamer/index.ts';
import { SMALL, withServer } from '../../storage/faults/transfer.ts';
import { type ContentLike, contentOf, type Fault, generated } from '../../support/faulty-s3/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { eventLog, readPipe } from './stream-place.ts';

const temp = tempDir();
const PART = 64 * 1024;
const A = generated(10 * PART + 1000, 1);
const B = generated(3 * PART + 7, 2);
const objects = { 'bucket/train/a': A, 'bucket/train/b': B };
const WHOLE = bytesOf(A, B);
const TRAIN: StreamChannelInput = { name: 'train', uri: 's3://bucket/train/' };
let places = 0;

function bytesOf(...contents: readonly ContentLike[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const content of contents.map(contentOf)) {
    for (let at = 0; at < content.size; ) {
      const piece = content.read(at, content.size - at);
      parts.push(piece);
      at += piece.length;
    }
  }
  return Buffer.concat(parts);
}

/** The results of an epoch for its reader and for the caller of the streamer. */
interface Served {
  readonly bytes: Buffer;
  readonly error: RecordpipeError | undefined;
  readonly events: readonly StreamEvent[];
  readonly status: {
    readonly state: string;
    readonly bytes: number;
    readonly complete: boolean;
    error: object;
  };
  readonly retries: number;
}

/** Reads one epoch. Only the status remains in the folder. */
async function served(
  url: string,
  channel: StreamChannelInput,
  more: { readonly skipMissing?: boolean; readonly lazy?: boolean } = {},
): Promise<Served> {
  const pipeDir = temp.file(`pipes-${places++}`);
  const { events, onEvent } = eventLog();
  await using streamer = new PipeModeStreamer({
    channels: [channel],
    pipeDir,
    epochs: 1,
    onEvent,
    objects: { ...SMALL, endpointUrl: url },
    ...more,
  });
  const running = streamer.run().then(
    () => undefined,
    (error: RecordpipeError) => error,
  );
  await Promise.race([streamer.ready, running]);
  const bytes = await readPipe(join(pipeDir, 'train_0'));
  const error = await running;
  expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  const status = JSON.parse(readFileSync(join(pipeDir, 'train.status.json'), 'utf8'));
  return { bytes, error, events, status, retries: streamer.metrics[0].retries };
}

function expectWhole({ bytes, error, status }: Served, whole: Buffer = WHOLE): void {
  expect(error).toBeUndefined();
  expect(bytes.equals(whole)).toBe(true);
  expect(status).toMatchObject({ state: 'done', bytes: whole.length, complete: true, error: null });
}

/** Expects that the reader received a prefix of the correct bytes and that the status says so. */
function expectCut({ bytes, error, status }: Served, code: string, whole: Buffer = WHOLE): void {
  expect(error).toMatchObject({ code });
  expect(bytes.length).toBeLessThan(whole.length);
  expect(bytes.equals(whole.subarray(0, bytes.length))).toBe(true);
  expect(status).toMatchObject({ state: 'failed', complete: false, error: { code } });
}

describe('a reader of a pipe does not notice', () => {
  test.each<[string, Fault]>([
    ['a reset before the first byte', { key: 'train/a', from: 0, do: 'reset', at: 0 }],
    ['a reset in the middle', { key: 'train/a', from: 4 * PART, do: 'reset', at: 1000 }],
    ['a reset at the last byte', { key: 'train/b', from: 0, do: 'reset', at: -1 }],
    ['a reset in the headers', { key: 'train/b', from: 0, do: 'reset', at: 'headers' }],
    ['a premature end', { key: 'train/a', from: 2 * PART, do: 'close', at: 10 }],
  ])('%s', async (_, fault) => {
    await withServer({ objects, faults: [fault] }, async (server) => {
      const done = await served(server.url, TRAIN);
      expectWhole(done);
      expect(done.retries).toBe(1);
    });
  });

  test.each([500, 503])('a few responses with status %i', async (status) => {
    const faults: Fault[] = [{ operation: 'GetObject', do: 'status', status, after: 3, times: 5 }];
    await withServer({ objects, faults }, async (server) => {
      const done = await served(server.url, TRAIN);
      expectWhole(done);
      expect(done.retries).toBe(5);
    });
  });

  test('credentials that expire, and a bucket in another region', async () => {
    const faults: Fault[] = [
      { do: 'redirect', region: 'eu-west-1' },
      { key: 'train/a', from: 3 * PART, do: 'status', status: 400, code: 'ExpiredToken' },
    ];
    await withServer({ objects, faults }, async (server) => expectWhole(await served(server.url, TRAIN)));
  });
});

describe('objects that changed after listing', () => {
  test('overwritten before a byte was delivered: the new object, with a warning', async () => {
    const content = generated(5 * PART, 3);
    const faults: Fault[] = [{ operation: 'GetObject', key: 'train/a', do: 'overwrite', content }];
    await withServer({ objects, faults }, async (server) => {
      const done = await served(server.url, TRAIN);
      expectWhole(done, bytesOf(content, B));
      expect(done.events).toContainEqual(
        expect.objectContaining({ event: 'warning', code: 'object-changed' }),
      );
    });
  });

  test('overwritten after bytes were delivered: an error, and no byte of the new object', async () => {
    const faults: Fault[] = [
      { key: 'train/a', from: 9 * PART, do: 'overwrite', content: generated(A.size, 3) },
    ];
    await withServer({ objects, faults }, async (server) => {
      const done = await served(server.url, TRAIN);
      expectCut(done, 'object-changed');
      expect(done.error?.uri).toBe('s3://bucket/train/a');
      expect(done.bytes.length).toBeGreaterThan(0);
    });
  });

  test('deleted after listing', async () => {
    const faults: Fault[] = [{ operation: 'GetObject', key: 'train/b', do: 'delete' }];
    await withServer({ objects, faults }, async (server) => {
      const done = await served(server.url, TRAIN);
      expectCut(done, 'object-missing');
      expect(done.error?.uri).toBe('s3://bucket/train/b');
    });
  });

  test('missing, in an augmented manifest: an error with its line, or the line is skipped', async () => {
    const lines = ['a', 'none', 'b'].map((key, i) => `{"n": ${i}, "o-ref": "s3://bucket/train/${key}"}\n`);
    const all = { ...objects, 'bucket/m.jsonl': lines.join('') };
    const channel: StreamChannelInput = {
      name: 'train',
      uri: 's3://bucket/m.jsonl',
      dataType: 'AugmentedManifestFile',
      attributeNames: ['n', 'o-ref'],
    };
    await withServer({ objects: all }, async (server) => {
      const whole = Buffer.concat([Buffer.from('0'), bytesOf(A), Buffer.from('2'), bytesOf(B)]);
      const failed = await served(server.url, channel);
      expectCut(failed, 'object-missing', Buffer.concat([Buffer.from('0'), bytesOf(A), Buffer.from('1x')]));
      expect(failed.error?.message).toContain('line 2 of the manifest');
      const skipped = await served(server.url, channel, { skipMissing: true });
      expectWhole(skipped, whole);
      expect(skipped.events).toContainEqual(
        expect.objectContaining({ event: 'warning', code: 'object-missing' }),
      );
    });
  });

  test('access denied: an error at once, without a retry', async () => {
    const faults: Fault[] = [{ operation: 'GetObject', do: 'status', status: 403, times: 1e9 }];
    await withServer({ objects, faults }, async (server) => {
      const done = await served(server.url, TRAIN, { lazy: true });
      expectCut(done, 'access-denied');
      expect([done.bytes.length, done.retries]).toEqual([0, 0]);
    });
  });
});
