import type { FileHandle } from 'node:fs/promises';
import { fileError } from '../bytes/file-errors.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import type { ObjectUpload } from '../objects/upload/object-upload.ts';
import type { WrittenObject } from '../objects/upload/stored-object.ts';
import { changedFile, type FileHash, openRegular } from './hashed-file.ts';
import type { PartBuffers } from './part-buffers.ts';

/** What is sent, and from where. */
export interface Sending {
  readonly path: string;
  readonly hash: FileHash;
  readonly upload: ObjectUpload;
  readonly buffers: PartBuffers;
  /** Whether what an interrupted upload has sent is used. */
  readonly resume: boolean;
  readonly onSent: (bytes: number) => void;
}

/** An object that a file has become. */
export interface SentFile extends WrittenObject {
  /** Parts that an earlier, interrupted upload had sent. */
  readonly resumedParts: number;
}

/**
 * Sends a file, as it was when it was checked: each part is compared with the checksum that it had then.
 * Whoever calls it abandons the upload when it fails.
 * @throws RecordpipeError `source-changed`, and as the upload
 */
export async function sendFile(sending: Sending): Promise<SentFile> {
  const { path, hash, upload, buffers, onSent } = sending;
  const file = await openRegular(path);
  try {
    const partBytes = upload.partBytes(1);
    if (hash.size <= partBytes) {
      const buffer = await buffers.take(partBytes, upload.signal);
      try {
        const body = await readPart(file, sending, 0, buffer);
        const written = await upload.whole(body);
        onSent(body.length);
        return { ...written, resumedParts: 0 };
      } finally {
        buffers.give(buffer);
      }
    }
    const read = (index: number): Promise<Uint8Array> => partOf(file, sending, index);
    const there = sending.resume
      ? await upload.resume({ size: hash.size, crcs: hash.parts, partBytes, read })
      : new Set<number>();
    await sendParts(file, sending, there);
    if ((await file.stat()).size !== hash.size) throw changedFile(path);
    return { ...(await upload.complete()), resumedParts: there.size };
  } finally {
    await file.close();
  }
}

async function sendParts(file: FileHandle, sending: Sending, there: ReadonlySet<number>): Promise<void> {
  const { hash, upload, buffers, onSent } = sending;
  const partBytes = upload.partBytes(1);
  const underWay = new Set<Promise<void>>();
  try {
    for (const index of hash.parts.keys()) {
      if (there.has(index)) {
        onSent(Math.min(partBytes, hash.size - index * partBytes));
        continue;
      }
      const buffer = await buffers.take(partBytes, upload.signal);
      if (upload.failure !== undefined) {
        buffers.give(buffer);
        break;
      }
      const sent = sendPart(file, sending, index, buffer).finally(() => {
        buffers.give(buffer);
        underWay.delete(sent);
      });
      sent.catch(() => {}); // met below
      underWay.add(sent);
    }
  } catch (error) {
    // The first failure is the reason; waiting for memory then ends as well.
    throw upload.failure ?? error;
  } finally {
    // Before the file is closed.
    await Promise.allSettled(underWay);
  }
  if (upload.failure !== undefined) throw upload.failure;
}

async function sendPart(
  file: FileHandle,
  sending: Sending,
  index: number,
  buffer: Uint8Array,
): Promise<void> {
  const { upload, hash, onSent } = sending;
  try {
    const body = await readPart(file, sending, index, buffer);
    await upload.part(index + 1, body, hash.parts[index]);
    onSent(body.length);
  } catch (error) {
    upload.fail(error);
    throw error;
  }
}

async function partOf(file: FileHandle, sending: Sending, index: number): Promise<Uint8Array> {
  return readPart(file, sending, index, Buffer.allocUnsafeSlow(sending.upload.partBytes(1)));
}

/** Reads a part, and compares it with what was checked. */
async function readPart(
  file: FileHandle,
  { path, hash, upload }: Sending,
  index: number,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const start = index * upload.partBytes(1);
  const length = Math.min(upload.partBytes(1), hash.size - start);
  let have = 0;
  try {
    while (have < length) {
      const { bytesRead } = await file.read(buffer, have, length - have, start + have);
      if (bytesRead === 0) throw changedFile(path);
      have += bytesRead;
    }
  } catch (error) {
    throw fileError(error, path);
  }
  const body = buffer.subarray(0, length);
  if (crc32c(body) !== (hash.parts[index] ?? 0)) throw changedFile(path);
  return body;
}
