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

/** Returns the requests for a key in order: the range of each GET, otherwise the operation. */
export function requestsFor(server: FaultyS3, key: string): string[] {
  return server.log
    .filter((one) => one.key === key)
    .map(({ operation, range }) => (operation === 'GetObject' ? (range ?? 'all') : operation));
}

/** Returns the number of body bytes sent for an object. */
export function sentOf(server: FaultyS3, key: string): number {
  return server.requests('GetObject', key).reduce((sum, { sent }) => sum + sent, 0);
}
