import type { ObjectOptions } from 'recordpipe/storage';
import { type FaultyS3, type FaultyS3Options, faultyS3 } from './faulty-s3/index.ts';

/** A test server and the options to access it with the library and the command line. */
export interface S3Place extends AsyncDisposable {
  readonly server: FaultyS3;
  readonly objects: Partial<ObjectOptions>;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a test server. Credentials come from the environment, as for users. */
export async function s3Place(options: Partial<FaultyS3Options>): Promise<S3Place> {
  const server = await faultyS3(options);
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
  Object.assign(process.env, keys);
  return {
    server,
    objects: { endpointUrl: server.url },
    env: { ...keys, AWS_ENDPOINT_URL_S3: server.url },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** The range of a GET that finds out an object's size and ETag. */
const DESCRIBING = 'bytes=0-0';

/**
 * Returns the requests for the bytes of a key in order: the range of each GET, otherwise the
 * operation.
 */
export function requestsFor(server: FaultyS3, key: string): string[] {
  return server.log
    .filter((one) => one.key === key && one.range !== DESCRIBING)
    .map(({ operation, range }) => (operation === 'GetObject' ? (range ?? 'all') : operation));
}

/** Returns the number of body bytes sent for an object, except to find out its size and ETag. */
export function sentOf(server: FaultyS3, key: string): number {
  return server
    .requests('GetObject', key)
    .reduce((sum, { sent, range }) => sum + (range === DESCRIBING ? 0 : sent), 0);
}
