import type { ObjectOptions } from '../object-options.ts';
import type { ObjectSource } from '../storage.ts';
import { getRange } from './get-range.ts';
import { listS3 } from './list.ts';
import { retry } from './retry.ts';
import { S3Caller } from './s3-caller.ts';
import { s3ClientsOf } from './s3-clients.ts';
import { statOnce } from './stat.ts';

/** S3 and compatible services. Sources for the same service and credentials share connections. */
export async function s3SourceOf(options: ObjectOptions): Promise<ObjectSource> {
  const caller = new S3Caller(await s3ClientsOf(options), options);
  return {
    list: (prefix, signal) => listS3(caller, prefix, options, signal),
    stat: (ref, signal) => retry({ uri: ref.uri, options, signal }, () => statOnce(caller, ref, signal)),
    fetch: (request, sink, signal) => getRange(caller, request, sink, signal),
  };
}
