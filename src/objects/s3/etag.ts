/** An ETag without its quotes, as it is kept and compared; undefined for an empty one, which some services send. */
export function plainEtag(etag: string | undefined): string | undefined {
  const plain = etag === undefined ? '' : (/^"(.*)"$/.exec(etag)?.[1] ?? etag);
  return plain === '' ? undefined : plain;
}

/** An ETag as it stands in If-Match. */
export function quotedEtag(etag: string): string {
  return etag.startsWith('W/') ? etag : `"${etag}"`;
}
