import { type BigIntStats, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asObjectUri, isObjectUri } from '../bytes/object-uri.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';

/**
 * Fails where the output is one of the sources, also under another name, by a link or through a redirection: it would be read while it is written.
 *
 * @param output a path, or `-`
 * @throws RecordpipeError `unsupported-source`
 */
export async function refuseSameFile(sources: readonly ByteSource[], output: string): Promise<void> {
  if (isObjectUri(output)) return refuseSameObject(sources, output);
  const target = await statOf(output === '-' ? 1 : output);
  if (target === undefined || target.isCharacterDevice()) return;
  for (const source of sources) {
    const from = await statOf(source === '-' ? 0 : source);
    if (from === undefined || from.dev !== target.dev || from.ino !== target.ino) continue;
    const text = `the output is the same file as the source ${nameOf(source)}; choose another name`;
    throw new RecordpipeError('unsupported-source', text, { uri: output === '-' ? '<stdout>' : output });
  }
}

function refuseSameObject(sources: readonly ByteSource[], output: string): void {
  if (!sources.some((source) => isObjectUri(source) && asObjectUri(source) === output)) return;
  const text = 'the output is the same object as a source; choose another name';
  throw new RecordpipeError('unsupported-source', text, { uri: output });
}

/** What errors and reports call a source. */
export function nameOf(source: ByteSource): string | undefined {
  if (source === '-' || source === process.stdin) return '<stdin>';
  if (typeof source === 'string') return source;
  if (!(source instanceof URL)) return undefined;
  return isObjectUri(source) ? asObjectUri(source) : source.href;
}

async function statOf(source: ByteSource): Promise<BigIntStats | undefined> {
  try {
    if (source === process.stdin) return fstatSync(0, { bigint: true });
    if (typeof source === 'number') return fstatSync(source, { bigint: true });
    if (typeof source !== 'string' && !(source instanceof URL)) return undefined;
    const path = String(source).startsWith('file://') ? fileURLToPath(source) : source;
    return await stat(path, { bigint: true });
  } catch {
    return undefined; // opening it says what is wrong
  }
}
