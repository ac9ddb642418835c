import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordpipeError } from '../errors.ts';
import { fileError } from './local/file-errors.ts';
import { openFileSink } from './local/file-output.ts';
import { forgetTemporary, temporaryPath } from './local/temporary-file.ts';
import type { Output, OutputOptions, Sink } from './storage.ts';

/** Number of bytes to read from a spooled file at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** Writes one object, which appears when `close` resolves. */
export interface ObjectWriting {
  readonly bytes: number;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<unknown>;
  abort(): Promise<void>;
}

/**
 * Returns an output that writes to an object store. Objects cannot be renamed, so an output that is
 * renamed later is kept in a temporary file until then.
 * @param open opens an object for writing
 */
export async function objectOutput(
  uri: string,
  options: OutputOptions,
  open: (uri: string) => Promise<ObjectWriting>,
): Promise<Output> {
  if (options.append !== undefined) {
    const text = 'cannot append to an object; write a new object, or rewrite the whole object';
    throw new RecordpipeError('unsupported-source', text, { uri });
  }
  return options.renamed ? spooled(uri, open) : streamed(uri, open);
}

async function streamed(uri: string, open: (uri: string) => Promise<ObjectWriting>): Promise<Output> {
  const writer = await open(uri);
  const done = async (): Promise<void> => {};
  const sink: Sink = {
    get bytes() {
      return writer.bytes;
    },
    write: (bytes) => writer.write(bytes),
    // The object is completed when it receives its name.
    flush: done,
    close: done,
    destroy: done,
  };
  const name = async (): Promise<void> => {
    await writer.close();
  };
  return { path: uri, sink, file: { name, discard: () => writer.abort() } };
}

async function spooled(uri: string, open: (uri: string) => Promise<ObjectWriting>): Promise<Output> {
  const path = temporaryPath(join(tmpdir(), 'recordpipe'));
  const discard = async (): Promise<void> => {
    await unlink(path).catch(() => {});
    forgetTemporary(path);
  };
  const name = async (wanted: string): Promise<void> => {
    await upload(path, await open(wanted));
    await discard();
  };
  try {
    const sink = await openFileSink(path, 'wx', {}, path, 0o600);
    return { path: uri, sink, file: { name, discard } };
  } catch (error) {
    forgetTemporary(path);
    throw error;
  }
}

async function upload(path: string, writer: ObjectWriting): Promise<void> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }))
      await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw fileError(error, path);
  }
}
