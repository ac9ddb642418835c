import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, readlink, realpath, stat, truncate, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileError } from '../bytes/file-errors.ts';
import { asObjectUri, isObjectUri } from '../bytes/object-uri.ts';
import { checkPath } from '../bytes/path-argument.ts';
import { RecordpipeError } from '../errors.ts';
import type { Compression } from '../records/read-options.ts';
import { alreadyExists, giveName } from './file-naming.ts';
import { openSink, type Sink } from './sink.ts';
import { standardOutput } from './standard-output.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** How much of a file's name its temporary name repeats: names end at 255 bytes. */
const NAME_CHARACTERS = 50;

/** Where a writer's bytes go, and how they get their name. */
export interface Target {
  readonly path: string;
  readonly sink: Sink;
  /** Gives the closed file its name. */
  name(path: string): Promise<void>;
  /** Removes what was written: the file, also when it has its name by now, or what was appended to it. */
  discard(): Promise<void>;
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
  const existing = await statIfThere(path);
  if (existing?.isDirectory())
    throw new RecordpipeError('unsupported-source', 'is a directory; name a file in it', { uri: path });
  if (options.append) return appending(path, existing, options, compression, check);
  if (!options.overwrite && existing?.isFile()) throw alreadyExists(path);
  if (!options.atomic || (existing !== undefined && !existing.isFile())) return inPlace(path, options);
  return temporary(path, existing, options);
}

async function temporary(
  path: string,
  existing: Stats | undefined,
  options: RecordWriteOptions,
): Promise<Target> {
  // A link stays a link: what it points to is replaced.
  const real = await pointedTo(path, existing);
  const start = basename(real).slice(0, NAME_CHARACTERS);
  const unnamed = join(dirname(real), `.${start}.${randomUUID().slice(0, 8)}.tmp`);
  // The rights of the file that is replaced: what was private stays private, also while it is written.
  const mode = existing === undefined ? undefined : existing.mode & 0o777;
  const sink = await openSink(unnamed, 'wx', options, path, mode);
  let place = unnamed;
  return {
    path,
    sink,
    async name(wanted) {
      try {
        const to = wanted === path ? real : wanted;
        if (mode !== undefined) await chmod(unnamed, mode);
        await giveName(unnamed, to, options.overwrite);
        place = to;
      } catch (error) {
        throw fileError(error, wanted);
      }
    },
    async discard() {
      await sink.destroy();
      await unlink(place).catch(() => {});
    },
  };
}

/** The file behind any links, also where there is none yet. */
async function pointedTo(path: string, existing: Stats | undefined): Promise<string> {
  if (existing !== undefined) return realpath(path);
  try {
    return await pointedTo(resolve(dirname(path), await readlink(path)), undefined);
  } catch {
    return path;
  }
}

function standardOutputTarget(options: RecordWriteOptions): Target {
  const sink = standardOutput(options);
  return { path: '<stdout>', sink, name: async () => {}, discard: () => sink.destroy() };
}

async function inPlace(path: string, options: RecordWriteOptions): Promise<Target> {
  const sink = await openSink(path, 'w', options, path);
  return { path, sink, name: async () => {}, discard: () => sink.destroy() };
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
    name: async () => {},
    async discard() {
      await sink.destroy();
      // Half a record, or half a gzip member, would make everything appended later unreadable.
      const now = await statIfThere(path).catch(() => undefined);
      if (now?.isFile() && now.size === before + sink.bytes) await truncate(path, before).catch(() => {});
    },
  };
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}
