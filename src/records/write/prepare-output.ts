import { RecordpipeError } from '../../errors.ts';
import type { Compression } from '../../formats/compression.ts';
import { locationOf } from '../../storage/inspect.ts';
import { openOutput } from '../../storage/output.ts';
import type { Output } from '../../storage/storage.ts';
import { compressing } from './compressing-sink.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** What a file that is appended to contains. */
export interface Appendable {
  readonly compression: Compression;
  readonly records: number;
}

/**
 * Opens an output that compresses what is written, if the options say so.
 * @param given a path, an `s3://` address, or `-` for standard output
 * @param compression the requested compression, if any
 * @param check inspects an existing file to append to; throws if nothing can be appended to it
 * @param renamed whether the output will be published under another name
 */
export async function prepareOutput(
  given: string | URL,
  options: RecordWriteOptions,
  compression: Compression | undefined,
  check: (path: string) => Promise<Appendable>,
  renamed = false,
): Promise<Output> {
  const path = locationOf(given);
  const { overwrite, atomic, sync, blocking, objects, signal } = options;
  let actual = options.compression;
  const append = async (size: number): Promise<number> => {
    if (size === 0) return 0;
    const found = await check(path);
    checkAppending(found.compression, compression, path);
    actual = found.compression;
    // A gzip member without records would be the end of the file for TensorFlow.
    return found.records === 0 ? 0 : size;
  };
  const output = await openOutput(path, {
    overwrite,
    atomic,
    sync,
    blocking,
    renamed,
    objects,
    signal,
    append: options.append ? append : undefined,
  });
  return { ...output, sink: compressing(output.sink, { ...options, compression: actual }) };
}

function checkAppending(found: Compression, wanted: Compression | undefined, path: string): void {
  if (wanted !== undefined && found !== wanted) {
    const text = `appending ${wanted} to a file whose compression is ${found} would make it unreadable`;
    throw new RecordpipeError('unsupported-source', text, { uri: path });
  }
  if (found !== 'zlib') return;
  const text =
    'appending to a zlib file: TensorFlow reads only its first stream and would not see the new records; write a new file, or use gzip';
  throw new RecordpipeError('unsupported-source', text, { uri: path });
}
