import { fileURLToPath } from 'node:url';

/** The path of a path or `file:` URL. */
export function pathOf(given: string | URL): string {
  return String(given).startsWith('file:') ? fileURLToPath(given) : String(given);
}
