import { objectUri, parseObjectUri } from '../object-address.ts';
import type { ObjectOptions } from '../object-options.ts';
import { objectOutput } from '../object-output.ts';
import type { OutputOptions, Place, Storage } from '../storage.ts';
import { describeOnce, getRange } from './get-range.ts';
import { listS3 } from './list.ts';
import { retry } from './retry.ts';
import { S3Caller } from './s3-caller.ts';
import { s3ClientsOf } from './s3-clients.ts';
import { statOnce } from './stat.ts';

/**
 * Opens S3 or a compatible service. Two results with the same service and identity share their
 * connections.
 */
export async function s3SourceOf(options: ObjectOptions): Promise<Storage> {
  const clients = await s3ClientsOf(options);
  const caller = new S3Caller(clients, options);
  return {
    service: clients.endpointUrl,
    place: s3Place,
    list: (prefix, signal) => listS3(caller, prefix, options, signal),
    stat: (ref, signal) => retry({ uri: ref.uri, options, signal }, () => statOnce(caller, ref, signal)),
    describe: (ref, signal) =>
      retry({ uri: ref.uri, options, signal }, () => describeOnce(caller, ref, signal)),
    read: (request, sink, signal) => getRange(caller, request, sink, signal),
    async checkService(uri, checks, signal) {
      const { checkService } = await import('./check-service.ts');
      return checkService(uri, options, checks, signal);
    },
    write: (uri, output) => objectOutput(uri, output, (wanted) => openWriter(wanted, options, output)),
    async remove(uri, signal) {
      const { removeObject } = await import('../upload/object-writer.ts');
      return removeObject(uri, { ...options, signal });
    },
  };
}

async function openWriter(
  uri: string,
  options: ObjectOptions,
  { overwrite, contentType, signal }: OutputOptions,
) {
  const { openObjectWriter } = await import('../upload/object-writer.ts');
  return openObjectWriter(uri, { ...options, overwrite, contentType, signal });
}

function s3Place(uri: string): Place {
  const { bucket, key } = parseObjectUri(uri);
  return {
    name: key,
    uriOf: (name) => objectUri(bucket, name),
    nameOf: (one) => parseObjectUri(one).key,
    folder: async (one) => one,
    missing: 'object-missing',
  };
}
