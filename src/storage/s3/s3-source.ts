import type { ObjectOptions } from '../object-options.ts';
import type { ObjectSource } from '../storage.ts';
import { fetchRange } from './fetch-range.ts';
import { attempted, S3Caller } from './s3-caller.ts';
import { s3ClientsOf } from './s3-clients.ts';
import { listS3 } from './s3-list.ts';
import { statOnce } from './s3-stat.ts';

/** S3, and what speaks like it. Sources for the same service and identity share their connections. */
export async function s3SourceOf(options: ObjectOptions): Promise<ObjectSource> {
  const caller = new S3Caller(await s3ClientsOf(options), options);
  return {
    list: (prefix, signal) => listS3(caller, prefix, options, signal),
    stat: (ref, signal) => attempted(() => statOnce(caller, ref, signal), ref.uri, options, signal),
    fetch: (request, sink, signal) => fetchRange(caller, request, sink, signal),
  };
}
