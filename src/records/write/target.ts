import { type Stats, write } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkPath } from '../../bytes/arguments.ts';
import { fileError } from '../../bytes/files/file-errors.ts';
import { asObjectUri, isObjectUri } from '../../bytes/object-uri.ts';
import { RecordpipeError } from '../../errors.ts';
import type { Compression } from '../../formats/compression.ts';
import { checkOutput, newFile, statIfThere, type Unnamed } from '../../storage/local/new-file.ts';
import { compressing, openSink, type Sink } from './sink.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** Where a writer's bytes go, and how they get their name. */
export interface Target {
  readonly path: string;
  readonly sink: Sink;
  readonly file: Unnamed;
}

/** Closes the sink of a target and removes what was written. */
export async function discardTarget({ sink, file }: Target): Promise<void> {
  await sink.destroy();
  await file.discard();
}

/** What a file holds that is to be appended to. */
export interface Appendable {
  readonly compression: Compression;
  readonly records: number;
}

/**
 * @param given a path, an `s3://` address, or `-` for standard output
 * @param compression what the caller asked for, if anything
 * @param check says what an existing file holds, or why nothing can be appended to it
 * @param renamed whether it will get another name than this
 */
export async function prepareTarget(
  given: string | URL,
  options: RecordWriteOptions,
  compression: Compression | undefined,
  check: (path: string) => Promise<Appendable>,
  renamed = false,
): Promise<Target> {
  checkPath('path', given);
  if (isObjectUri(given)) {
    // Imported when wanted: start-up time counts.
    const { objectTarget } = await import('./object-target.ts');
    return objectTarget(asObjectUri(given), options, renamed);
  }
  if (given === '-') return standardOutputTarget(options);
  const path = String(given).startsWith('file://') ? fileURLToPath(given) : String(given);
  const existing = await checkOutput(path, options.overwrite || options.append);
  if (options.append) return appending(path, existing, options, compression, check);
  if (!options.atomic || (existing !== undefined && !existing.isFile())) return inPlace(path, options);
  return temporary(path, existing, options);
}

async function temporary(
  path: string,
  existing: Stats | undefined,
  options: RecordWriteOptions,
): Promise<Target> {
  const file = await newFile(path, existing, options.overwrite);
  try {
    const sink = await openSink(file.temporary, 'wx', options, path, file.mode);
    return { path, sink, file };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** A file that has its name from the start, and keeps it. */
const NAMED: Unnamed = { name: async () => {}, discard: async () => {} };

function standardOutputTarget(options: RecordWriteOptions): Target {
  const sink = standardOutput(options);
  return { path: '<stdout>', sink, file: NAMED };
}

async function inPlace(path: string, options: RecordWriteOptions): Promise<Target> {
  const sink = await openSink(path, 'w', options, path);
  return { path, sink, file: NAMED };
}

async function appending(
  path: string,
  existing: Stats | undefined,
  options: RecordWriteOptions,
  compression: Compression | undefined,
  check: (path: string) => Promise<Appendable>,
): Promise<Target> {
  let before = existing?.size ?? 0;
  const { compression: found, records } = before > 0 ? await check(path) : {};
  if (found !== undefined && compression !== undefined && found !== compression) {
    const text = `appending ${compression} to a file whose compression is ${found} would make it unreadable`;
    throw new RecordpipeError('unsupported-source', text, { uri: path });
  }
  const actual = found ?? options.compression;
  if (found === 'zlib') {
    const text =
      'appending to a zlib file: TensorFlow reads only its first stream and would not see the new records; write a new file, or use gzip';
    throw new RecordpipeError('unsupported-source', text, { uri: path });
  }
  const sink = await openSink(path, 'a', { ...options, compression: actual }, path);
  if (records === 0) {
    // A gzip member without records: TensorFlow takes one for the end of the file.
    await truncate(path, 0);
    before = 0;
  }
  return {
    path,
    sink,
    file: {
      name: async () => {},
      async discard() {
        // Half a record, or half a gzip member, would make everything appended later unreadable.
        const now = await statIfThere(path).catch(() => undefined);
        if (now?.isFile() && now.size === before + sink.bytes) await truncate(path, before).catch(() => {});
      },
    },
  };
}

const STDOUT = 1;
const RETRY_MS = 5;

/**
 * Standard output as a sink. Not by process.stdout: its writes to a pipe block the thread, and with it the handling of signals. Closing it leaves it open:
 * it belongs to the process.
 */
export function standardOutput(options: RecordWriteOptions): Sink {
  return compressing(new StandardOutput(), options);
}

class StandardOutput implements Sink {
  bytes = 0;

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = await writeSome(bytes, at);
      at += count;
      this.bytes += count;
    }
  }

  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async destroy(): Promise<void> {}
}

function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, at, Math.min(bytes.length - at, 2 ** 30), null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS);
      else reject(fileError(error, '<stdout>'));
    });
  });
}
