const HOSTED = /^https:\/\/([a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?\/([^?#]+)$/;
const PATH_STYLE = /^https:\/\/s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?\/([^/?#]+)\/([^?#]+)$/;

/** The `s3://bucket/key` that a text is, or that an https address of S3 means; undefined for anything else. */
export function s3UriOf(text: string): string | undefined {
  if (/^s3:\/\/[^/]+\/./s.test(text)) return text;
  const [, bucket, path] = HOSTED.exec(text) ?? PATH_STYLE.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  try {
    return `s3://${bucket}/${decodeURIComponent(path)}`;
  } catch {
    return undefined;
  }
}
