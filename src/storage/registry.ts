import { checkPath } from '../bytes/arguments.ts';
import { objectUri, parseObjectUri } from './object-address.ts';
import type { ObjectOptions } from './object-options.ts';
import type { Storage } from './storage.ts';

/** A registered scheme. Paths and `file:` URLs, which have none, belong to local files. */
export interface StorageScheme {
  /** As in `s3://`, without the colon. */
  readonly name: string;
  /** An address as text, with nothing in it escaped. @throws UsageError for an invalid address */
  addressOf(uri: string | URL): string;
  /** Imports what the scheme needs, when an address of it is first used. */
  load(options: ObjectOptions): Promise<Storage>;
}

const S3: StorageScheme = {
  name: 's3',
  addressOf(uri) {
    // Text is taken as it is, and checked where it is used.
    if (!(uri instanceof URL)) return uri;
    const { bucket, key } = parseObjectUri(uri);
    return objectUri(bucket, key);
  },
  load: async (options) => (await import('./s3/s3-source.ts')).s3SourceOf(options),
};

/** The only list of schemes. */
const SCHEMES = new Map<string, StorageScheme>([S3].map((scheme) => [scheme.name, scheme]));

/** Adds a scheme, on this thread only. @returns removes it again */
export function registerScheme(scheme: StorageScheme): () => void {
  SCHEMES.set(scheme.name, scheme);
  return () => SCHEMES.delete(scheme.name);
}

/** Whether a source is an address whose reads are requests, such as `s3://bucket/key`, rather than a local file. */
export function isRemote(source: string | URL): boolean;
export function isRemote(source: unknown): source is string | URL;
export function isRemote(source: unknown): boolean {
  return schemeOf(source) !== undefined;
}

/**
 * An address as text: a URL of a registered scheme is decoded, everything else stays as it is.
 * @throws UsageError for what is no address
 */
export function addressOf(uri: string | URL): string {
  checkPath('uri', uri);
  return schemeOf(uri)?.addressOf(uri) ?? (uri instanceof URL ? uri.href : uri);
}

/** The storage that an address belongs to: local files unless its scheme is registered. */
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
