import { sep } from 'node:path';

/**
 * Returns a local path with slashes between names. Windows accepts both separators, and its shells
 * complete names with backslashes. There, a backslash therefore never escapes a wildcard.
 */
export function withSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
