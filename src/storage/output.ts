import { openFileOutput } from './local/file-output.ts';
import { objectOptions } from './object-options.ts';
import { isRemote, storageOf } from './registry.ts';
import type { Output, OutputOptions } from './storage.ts';

/**
 * Opens a file, an object, or `-` (standard output) for writing. The output appears under its name
 * when it is complete.
 *
 * @param uri as a string: see `addressOf`
 * @throws RecordpipeError `already-exists` unless `overwrite`; `not-found`, `access-denied`,
 *   `unsupported-source`, `object-missing` (no such bucket), `retries-exhausted`, `io-failure`,
 *   `aborted`
 */
export async function openOutput(uri: string, options: OutputOptions): Promise<Output> {
  if (!isRemote(uri)) return openFileOutput(uri, options);
  return (await storageOf(uri, objectOptions(options.objects))).write(uri, options);
}

/** Closes the sink of an output and removes the written data. */
export async function discardOutput({ sink, file }: Output): Promise<void> {
  await sink.destroy();
  await file.discard();
}
