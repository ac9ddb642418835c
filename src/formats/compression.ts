import { looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';

/** Compression of a whole stream. */
export type Compression = 'none' | 'gzip' | 'zlib';

/** Suffixes of compressed files. */
const SUFFIX = /\.(?:(gz|gzip)|zz|zlib)$/i;

/** The compression that the first bytes show, by the magic of gzip or zlib. */
export function compressionOf(head: Uint8Array): Compression {
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : 'none';
}

/** Splits a file name into its compression suffix (`.gz`, `.gzip`, `.zz`, `.zlib`) and the rest. */
export function splitCompressedName(name: string): { plain: string; compression: Compression } {
  const suffix = SUFFIX.exec(name);
  if (suffix === null) return { plain: name, compression: 'none' };
  return { plain: name.slice(0, suffix.index), compression: suffix[1] === undefined ? 'zlib' : 'gzip' };
}

/** The usual suffix of a compressed file, with its dot; empty for `none`. */
export function compressionSuffix(compression: Compression): string {
  return { none: '', gzip: '.gz', zlib: '.zz' }[compression];
}
