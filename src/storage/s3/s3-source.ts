import { objectUri, parseObjectUri } from '../object-address.ts';
import type { ObjectOptions } from '../object-options.ts';
import { objectOutput } from '../object-output.ts';
import type { OutputOptions, Place, Storage } from '../storage.ts';
import { fetchRange } from './fetch-range.ts';
import { attempted, S3Caller } from './s3-caller.ts';
import { s3ClientsOf } from './s3-clients.ts';
import { listS3 } from './s3-list.ts';
import { statOnce } from './s3-stat.ts';

/** S3 and compatible services. Storages for the same service and identity share their connections. */
export async function s3SourceOf(options: ObjectOptions): Promise<Storage> {
  const caller = new S3Caller(await s3ClientsOf(options), options);
  return {
    place: s3Place,
    list: (prefix, signal) => listS3(caller, prefix, options, signal),
    stat: (ref, signal) => attempted(() => statOnce(caller, ref, signal), ref.uri, options, signal),
    read: (request, sink, signal) => fetchRange(caller, request, sink, signal),
    write: (uri, output) => objectOutput(uri, output, (wanted) => openWriter(wanted, options, output)),
    async remove(uri, signal) {
      const { removeObject } = await import('../upload/upload-client.ts');
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
