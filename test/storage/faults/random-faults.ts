import fc from 'fast-check';
import { expect } from 'vitest';
import { RecordpipeError } from '../../../src/errors.ts';
import { type ObjectOptions, type ObjectRef, readObjects } from '../../../src/storage/index.ts';
import { processGate } from '../../../src/storage/prefetch/request-gate.ts';
import {
  type Action,
  type Content,
  type Fault,
  type FaultyS3,
  generated,
} from '../../support/faulty-s3/index.ts';
import { SMALL } from './transfer.ts';

const MAX_BYTES = 300_000;
const SHORT_OBJECT = 'bytes 0-9/10';

/** A random way to read a few objects, with random faults. */
interface Trial {
  readonly sizes: readonly number[];
  readonly faults: readonly Fault[];
  readonly partBytes: number;
  readonly parts: number;
  readonly maxRequests: number;
  readonly single: boolean;
  /** Whether sizes and ETags are known from a listing. */
  readonly known: boolean;
  /** The server writes this number of bytes at a time. */
  readonly verify: boolean;
  readonly pinVersion: boolean;
  readonly reuse: boolean;
}

const place = fc.oneof(
  fc.integer({ min: -3, max: MAX_BYTES }),
  fc.constantFrom<'headers' | 'before'>('headers', 'before'),
);
const at = fc.integer({ min: 0, max: MAX_BYTES });

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('reset' as const), at: place }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('close' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('chunked' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), at: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stall' as const),
      at: place,
      ms: fc.integer({ max: 50, min: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('slow' as const), at, bytesPerSecond: fc.constant(500) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('length' as const), by: fc.integer({ min: -2000, max: 2000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      status: fc.constantFrom(500, 500, 500, 502, 408, 403, 404, 400),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ do: 'status', status: 503 }) },
  { weight: 1, arbitrary: fc.constant<Action>({ do: 'status', status: 400, code: 'ExpiredToken' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ do: 'ignore-range' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ do: 'headers', set: { etag: '"other"' } }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(SHORT_OBJECT, 'bytes 5-9/300000', 'what')
      .map((range): Action => ({ do: 'headers', set: { 'content-range': range } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .nat(MAX_BYTES)
      .map((size): Action => ({ do: 'overwrite', content: generated(size, size + 100) })),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ do: 'delete' }) },
);

const fault: fc.Arbitrary<Fault> = fc
  .record({ action, after: fc.nat(12), times: fc.integer({ min: 1, max: 3 }) })
  .map(({ action: what, after, times }) => ({
    ...what,
    after,
    times: what.do === 'status' && what.status === 503 ? 1 : times,
  }));

const trial: fc.Arbitrary<Trial> = fc.record({
  sizes: fc.array(fc.oneof(fc.nat(MAX_BYTES), fc.nat(100)), { minLength: 1, maxLength: 4 }),
  faults: fc.array(fault, { maxLength: 5 }),
  partBytes: fc.integer({ min: 1000, max: 100_000 }),
  parts: fc.integer({ min: 1, max: 10 }),
  maxRequests: fc.integer({ min: 1, max: 12 }),
  single: fc.boolean(),
  known: fc.boolean(),
  verify: fc.boolean(),
  pinVersion: fc.boolean(),
  reuse: fc.boolean(),
});

/**
 * Checks that, regardless of the faults, each object arrives whole and in one version, or a typed
 * error ends the stream, and the bytes of an object before the error are the beginning of one
 * version of it. Afterwards, nothing is buffered or in progress. The window is never exceeded.
 */
export async function checkRandomFaults(server: FaultyS3, runs: fc.Parameters<[Trial]>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(trial, (one) => check(server, one)),
    { endOnFailure: true, ...runs },
  );
}

async function check(server: FaultyS3, trial: Trial): Promise<void> {
  const { partBytes, parts, maxRequests, pinVersion, verify } = trial;
  server.script.clear();
  const first = trial.sizes.map((size, i) => server.store.put(`bucket/${i}`, generated(size, i)));
  const refs: ObjectRef[] = first.map(({ content: { size, token: etag } }, i) => {
    const uri = `s3://bucket/${i}`;
    return trial.known ? { uri, size, etag } : { uri };
  });
  const faults = trial.known ? trial.faults : trial.faults.filter((one) => !isLieAboutSize(one));
  server.script.add(...faults.map((one) => ({ ...one, operation: 'GetObject' as const })));
  const options: Partial<ObjectOptions> = {
    ...SMALL,
    endpointUrl: server.url,
    partBytes,
    windowBytes: partBytes * parts,
    maxRequests,
    // Without a range or a listing, a length that is too small is indistinguishable from a correct
    // one.
    single: trial.single && trial.known,
    pinVersion,
    verifyObject: verify,
    idleTimeoutMs: 300,
    headersTimeoutMs: 300,
    slowAfterMs: 400,
    retryTimeoutMs: 8000,
    maxAttempts: 6,
  };
  const read = readObjects(refs, { ...options, reuse: trial.reuse });
  const came: Uint8Array[][] = refs.map(() => []);
  const previous: { copy?: () => void } = {};
  let whole = 0;
  let error: unknown;
  try {
    for await (const { index, offset, chunk, last } of read) {
      expect(offset).toBe(came[index].reduce((sum, { length }) => sum + length, 0));
      came[index].push(chunk);
      // Readers may use the previous chunk until they request the next one, so copy it only now.
      if (trial.reuse) previous.copy?.();
      const at = came[index].length - 1;
      previous.copy = () => {
        came[index][at] = chunk.slice();
      };
      if (last) whole++;
    }
  } catch (thrown) {
    error = thrown;
  }
  if (trial.reuse) previous.copy?.();
  if (error === undefined) expect(whole).toBe(refs.length);
  else expectTyped(error);
  for (const [i, chunks] of came.entries())
    expectOneState(statesOf(server, trial, i), Buffer.concat(chunks), i < whole);
  expect(read.stats).toMatchObject({ heldBytes: 0, activeRequests: 0 });
  expect(processGate.active).toBe(0);
  // If a whole object is read with one request, the request is paused when the window is full, and
  // the bytes that have arrived by then are also held.
  if (!options.single) expect(read.stats.peakHeldBytes).toBeLessThanOrEqual(partBytes * parts);
}

/**
 * Reports whether all headers and the end of the body state a false size, which is
 * indistinguishable from the true one unless a listing contains the size.
 */
function isLieAboutSize(fault: Fault): boolean {
  return fault.do === 'headers' && fault.set['content-range'] === SHORT_OBJECT;
}

const CODES = ['retries-exhausted', 'object-missing', 'object-changed', 'access-denied', 'io-failure'];

function expectTyped(error: unknown): void {
  if (!(error instanceof RecordpipeError)) throw error;
  expect(CODES, error.message).toContain(error.code);
  expect(error.uri).toMatch(/^s3:\/\/bucket\/\d$/);
}

/** Returns all versions of the object during the trial. */
function statesOf(_: FaultyS3, { sizes, faults }: Trial, index: number): Content[] {
  const states = [generated(sizes[index], index)];
  for (const one of faults) if (one.do === 'overwrite') states.push(one.content as Content);
  return states;
}

function expectOneState(states: readonly Content[], came: Buffer, whole: boolean): void {
  const fits = states.some(({ size, read }) => {
    if (whole ? came.length !== size : came.length > size) return false;
    return came.length === 0 || came.equals(Buffer.from(read(0, came.length)));
  });
  expect(fits, `${came.length} bytes are of no state, or of more than one`).toBe(true);
}
