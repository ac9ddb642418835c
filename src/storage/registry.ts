import { checkPath } from '../bytes/arguments.ts';
import { objectUri, parseObjectUri } from './object-address.ts';
import type { ObjectOptions } from './object-options.ts';
import type { Storage } from './storage.ts';

/** A registered scheme. Paths and `file:` URLs need none and refer to local files. */
export interface StorageScheme {
  /** Name of the scheme without the colon, such as `s3` for `s3://`. */
  readonly name: string;
  /** Returns an address as an unescaped string. @throws UsageError for an invalid address */
  addressOf(uri: string | URL): string;
  /** Imports the code for the scheme. Called when an address with this scheme is first used. */
  load(options: ObjectOptions): Promise<Storage>;
}

const S3: StorageScheme = {
  name: 's3',
  addressOf(uri) {
    // A string is returned unchanged and validated on use.
    if (!(uri instanceof URL)) return uri;
    const { bucket, key } = parseObjectUri(uri);
    return objectUri(bucket, key);
  },
  load: async (options) => (await import('./s3/s3-source.ts')).s3SourceOf(options),
};

/** All registered schemes. */
const SCHEMES = new Map<string, StorageScheme>([S3].map((scheme) => [scheme.name, scheme]));

/** Registers a scheme, on this thread only. @returns a function that removes it */
export function registerScheme(scheme: StorageScheme): () => void {
  SCHEMES.set(scheme.name, scheme);
  return () => SCHEMES.delete(scheme.name);
}

/**
 * Reports whether reading a source requires requests, as with `s3://bucket/key`, rather than a
 * local file.
 */
export function isRemote(source: string | URL): boolean;
export function isRemote(source: unknown): source is string | URL;
export function isRemote(source: unknown): boolean {
  return schemeOf(source) !== undefined;
}

/**
 * Returns an address as a string. Decodes a URL with a registered scheme; returns everything else
 * unchanged.
 * @throws UsageError for an invalid address
 */
export function addressOf(uri: string | URL): string {
  checkPath('uri', uri);
  return schemeOf(uri)?.addressOf(uri) ?? (uri instanceof URL ? uri.href : uri);
}

/** Returns the storage for an address: local files unless its scheme is registered. */
export async function storageOf(uri: string | URL, options: ObjectOptions): Promise<Storage> {
  const scheme = schemeOf(uri);
  if (scheme !== undefined) return scheme.load(options);
  return (await import('./local/local-storage.ts')).localStorage();
}

function schemeOf(source: unknown): StorageScheme | undefined {
  if (source instanceof URL) return SCHEMES.get(source.protocol.slice(0, -1));
  if (typeof source !== 'string') return undefined;
  const end = source.indexOf('://');
  return end > 0 ? SCHEMES.get(source.slice(0, end)) : undefined;
}
