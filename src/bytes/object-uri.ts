import { UsageError } from '../errors.ts';
/** Whether a source is named by an address in an object store: `s3://bucket/key`. */
export function isObjectUri(source: string | URL): boolean;
export function isObjectUri(source: unknown): source is string | URL;
export function isObjectUri(source: unknown): boolean {
  return typeof source === 'string'
    ? source.startsWith('s3://')
    : source instanceof URL && source.protocol === 's3:';
}

/** An address as text, with the key as it is: a URL has it escaped. @throws UsageError for a URL with ? or #, which may be meant as part of the key or not */
export function asObjectUri(source: string | URL): string {
  if (typeof source === 'string') return source;
  const { host, pathname, search, hash, href } = source;
  if (search === '' && hash === '') return `s3://${host}${decodeURIComponent(pathname)}`;
  throw new UsageError(`uri: expected an address without ? and #, got ${href}; pass it as text`);
}
