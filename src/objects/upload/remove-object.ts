import { uploadAddress } from './upload-address.ts';
import { uploadClient } from './upload-client.ts';
import { UploadRequests } from './upload-requests.ts';
import { type ObjectWriteOptions, objectWriteOptions } from './write-object-options.ts';

/**
 * Removes an object. One that does not exist is no error.
 * @throws RecordpipeError `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function removeObject(uri: string, given: Partial<ObjectWriteOptions>): Promise<void> {
  const options = objectWriteOptions(given);
  await new UploadRequests(await uploadClient(options), uploadAddress(uri), options).remove();
}
