import { isObjectUri } from '../bytes/object-uri.ts';
import type { ObjectOptions } from './object-options.ts';
import type { ObjectSource } from './object-source.ts';

/** The source that an address belongs to: S3 for `s3://`, local files for paths and `file:` URLs. What S3 needs is loaded when it is first asked for. */
export async function objectSourceOf(uri: string | URL, options: ObjectOptions): Promise<ObjectSource> {
  if (isObjectUri(uri)) return (await import('./s3/s3-source.ts')).s3SourceOf(options);
  return (await import('./local/local-source.ts')).localSource();
}
