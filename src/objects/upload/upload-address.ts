import { UsageError } from '../../errors.ts';
import { parseObjectUri } from '../object-address.ts';

/** Where an object is going to be. */
export interface UploadAddress {
  readonly uri: string;
  readonly bucket: string;
  readonly key: string;
}

/** Keys are at most so many bytes of UTF-8: API_PutObject. */
const MAX_KEY_BYTES = 1024;

/**
 * The bucket and key of `s3://bucket/key`.
 * @throws UsageError for anything else
 */
export function uploadAddress(uri: string): UploadAddress {
  if (!uri.startsWith('s3://')) throw new UsageError(`uri: expected s3://bucket/key, got ${uri}`);
  const { bucket, key } = parseObjectUri(uri);
  if (key === '') throw new UsageError(`uri: expected s3://bucket/key, got ${uri}, which names no object`);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new UsageError(`uri: expected a key of at most ${MAX_KEY_BYTES} bytes, got ${uri}`);
  return { uri, bucket, key };
}
