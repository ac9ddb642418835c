import type { BigIntStats } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RecordpipeError } from '../../errors.ts';
import type { ObjectInfo } from '../object-source.ts';

/** The path that an address means. */
export function pathOf(uri: string): string {
  return uri.startsWith('file://') ? fileURLToPath(uri) : uri;
}

/**
 * What a listing says of a file.
 * @throws RecordpipeError `unsupported-source` for what is no regular file
 */
export function infoOf(uri: string, stat: BigIntStats): ObjectInfo {
  if (!stat.isFile())
    throw new RecordpipeError(
      'unsupported-source',
      stat.isDirectory() ? 'is a directory; name the files in it' : 'is no regular file',
      { uri },
    );
  return { uri, size: Number(stat.size), etag: stateOf(stat), modified: stat.mtime };
}

/** Changes whenever the file does: what it is, when it was last written and how long it is. */
function stateOf({ dev, ino, mtimeNs, size }: BigIntStats): string {
  return [dev, ino, mtimeNs, size].map((number) => number.toString(36)).join('-');
}
