import { UsageError } from '../errors.ts';
import { typeName } from './type-name.ts';

/**
 * Rejects what is not a path before it becomes the name of a file: `String(undefined)` is a valid name.
 * @throws UsageError
 */
export function checkPath(argument: string, path: unknown): void {
  if (path instanceof URL || (typeof path === 'string' && path !== '')) return;
  const got = path === '' ? 'empty text' : typeName(path);
  throw new UsageError(`${argument}: expected a path or URL, got ${got}`);
}
