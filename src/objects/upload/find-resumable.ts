import { createHash } from 'node:crypto';
import { crcText } from './crc-text.ts';
import type { ListedPart, Multipart, SentPart, UploadRequests } from './upload-requests.ts';

/** What is to be sent, by the CRC-32C of its parts. */
export interface Parts {
  readonly size: number;
  readonly partBytes: number;
  readonly crcs: readonly number[];
  /** The bytes of a part, for services that list no checksums. @param index from 0 */
  readonly read: (index: number) => Promise<Uint8Array>;
}

/** An upload that was interrupted, and what the service has of it. */
export interface Resumable {
  readonly multipart: Multipart;
  /** Those that are as they would be sent now. */
  readonly parts: readonly SentPart[];
}

/**
 * Looks for an upload of the same object that was begun and neither completed nor given up, as a killed process leaves it. Of several the one with the most parts is taken;
 * undefined where there is none, or none may be listed.
 */
export async function findResumable(requests: UploadRequests, parts: Parts): Promise<Resumable | undefined> {
  let best: Resumable | undefined;
  for (const multipart of await requests.uploads()) {
    const found = await fitting(await requests.parts(multipart), parts);
    if (found.length > (best?.parts.length ?? 0)) best = { multipart, parts: found };
  }
  return best;
}

async function fitting(
  listed: readonly ListedPart[],
  { size, partBytes, crcs, read }: Parts,
): Promise<SentPart[]> {
  const found: SentPart[] = [];
  for (const part of listed) {
    const index = part.number - 1;
    const crc = crcs[index];
    const length = Math.min(partBytes, size - index * partBytes);
    if (crc === undefined || part.size !== length) continue;
    const same =
      part.crc32c !== undefined
        ? part.crc32c === crcText(crc)
        : part.etag.replaceAll('"', '') === md5(await read(index));
    if (same) found.push({ number: part.number, size: length, crc, etag: part.etag });
  }
  return found;
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
