/**
 * Replaces redact.ts in bundles for browsers, which sign no requests and have no environment. Only
 * passwords in URLs are removed.
 */

export function registerSecret(_secret: string | undefined): void {}

export function redacted(text: string): string {
  return text.replace(/:\/\/[^\s/?#]*@/g, '://[redacted]@');
}

export function redactedUrl(text: string): string {
  return redacted(text);
}

export function redactedCause(cause: unknown): unknown {
  return cause;
}
