import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { packTar, type TarSource } from 'modern-tar/fs';
import { abortError } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import { type ArtifactEntry, checkUnchanged } from './artifact-entries.ts';
import type { CopyOptions } from './copy-object.ts';

/**
 * Permission bits of a file mode. In SageMaker's containers, root owns all files, so root owns all
 * entries.
 */
const MODE = 0o7777n;

/**
 * Writes entries to a gzipped tar archive at any address. The archive is never stored as a whole in
 * memory or in a temporary file: its parts are uploaded while later files are read. It appears once
 * it is complete.
 *
 * Format: POSIX ustar with pax headers for long names and for files of 8 GiB and more. Links and
 * hard links remain links.
 *
 * @returns the size of the archive
 * @throws RecordpipeError `already-exists`, `access-denied`, `source-changed`, `retries-exhausted`,
 *   `io-failure`, `aborted`
 */
export async function writeTar(
  entries: readonly ArtifactEntry[],
  to: string,
  { objects, signal, overwrite }: CopyOptions,
): Promise<number> {
  const output = await openOutput(to, { overwrite, objects, signal, parents: true });
  try {
    const sink = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        output.sink.write(chunk).then(() => done(), done);
      },
    });
    await pipeline(tarOf(entries), createGzip(), sink, { signal });
    await checkUnchanged(entries);
    await output.sink.close();
    await output.file.name(to);
  } catch (error) {
    await discardOutput(output);
    if (signal?.aborted) throw abortError(signal);
    if (error instanceof RecordpipeError) throw error;
    await checkUnchanged(entries);
    throw fileError(error, (error as NodeJS.ErrnoException).path ?? to);
  }
  return output.sink.bytes;
}

function tarOf(entries: readonly ArtifactEntry[]): Readable {
  // The package rewrites some names, such as those with a backslash, so entries are numbered
  // instead.
  const sources = entries.map((entry, i) => sourceOf(entry, i));
  const map: NonNullable<NonNullable<Parameters<typeof packTar>[1]>['map']> = (header) => ({
    ...header,
    name: nameOf(entries[Number.parseInt(header.name, 10)]),
    // The target of a hard link is the name of an entry; that of a symbolic link is arbitrary text.
    ...(header.type === 'link' && { linkname: nameOf(entries[Number(header.linkname)]) }),
  });
  return packTar(sources, { map });
}

function sourceOf({ path, type, stat }: ArtifactEntry, index: number): TarSource {
  const shared = {
    mtime: new Date(Math.max(0, Number(stat.mtimeNs / 1_000_000n))),
    mode: Number(stat.mode & MODE),
    uid: 0,
    gid: 0,
  };
  // A source for a folder would add its contents a second time.
  return type === 'folder'
    ? { type: 'content', content: null, target: `${index}/`, ...shared }
    : { type: 'file', source: path, target: String(index), ...shared };
}

function nameOf({ name, type }: ArtifactEntry): string {
  return type === 'folder' ? `${name}/` : name;
}
