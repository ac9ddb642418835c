import { readFileSync } from 'node:fs';

/** The version of this package. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** The JSON Schema of schema files. */
export function jsonSchema(): Uint8Array {
  return readFileSync(new URL('../../schema/recordpipe-schema.json', import.meta.url));
}
