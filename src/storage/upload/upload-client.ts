import type { ObjectOptions } from '../object-options.ts';
import { type S3Sdk, s3Sdk } from '../s3/packages.ts';
import type { S3Caller } from '../s3/s3-caller.ts';
import { uploadAddress } from './object-upload.ts';
import { type ObjectWriteOptions, objectWriteOptions } from './object-writer.ts';
import { UploadRequests } from './upload-requests.ts';

/** What sends commands, and where the commands come from. */
export interface UploadClient {
  readonly sdk: S3Sdk;
  readonly caller: S3Caller;
}

/**
 * The answer comes when all of the body is there, and for many parts put together after minutes: how long an attempt may take depends on what it carries,
 * and is watched by `withRetries`.
 */
const ANSWER_MS = 900_000;

export async function uploadClient(options: ObjectOptions): Promise<UploadClient> {
  const [sdk, { S3Caller }, { s3ClientsOf }] = await Promise.all([
    s3Sdk(),
    import('../s3/s3-caller.ts'),
    import('../s3/s3-clients.ts'),
  ]);
  const patient = {
    ...options,
    headersTimeoutMs: ANSWER_MS,
    idleTimeoutMs: ANSWER_MS,
    slowAfterMs: ANSWER_MS,
    retryTimeoutMs: ANSWER_MS,
  };
  return { sdk, caller: new S3Caller(await s3ClientsOf(patient), options) };
}

/**
 * Removes an object. One that does not exist is no error.
 * @throws RecordpipeError `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function removeObject(uri: string, given: Partial<ObjectWriteOptions>): Promise<void> {
  const options = objectWriteOptions(given);
  await new UploadRequests(await uploadClient(options), uploadAddress(uri), options).remove();
}
