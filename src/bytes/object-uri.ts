/** Whether a source is named by an address in an object store: `s3://bucket/key`. */
export function isObjectUri(source: unknown): source is string | URL {
  return typeof source === 'string'
    ? source.startsWith('s3://')
    : source instanceof URL && source.protocol === 's3:';
}
