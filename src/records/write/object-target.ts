import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileError } from '../../bytes/files/file-errors.ts';
import { RecordpipeError } from '../../errors.ts';
import { type ObjectWriter, openObjectWriter } from '../../storage/index.ts';
import type { Unnamed } from '../../storage/local/new-file.ts';
import { forgetTemporary, temporaryPath } from '../../storage/local/temporary-file.ts';
import { compressing, openSink, type Sink } from './sink.ts';
import type { Target } from './target.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** Bytes of a spooled file read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Where the bytes of an object go. It is there when it gets its name, whole, or not at all.
 * @param renamed whether it will get another name than this: objects cannot be renamed, so that it is kept in a temporary file until then
 */
export async function objectTarget(
  uri: string,
  options: RecordWriteOptions,
  renamed: boolean,
): Promise<Target> {
  if (options.append) {
    const text = 'cannot append to an object; write a new object, or write it again as a whole';
    throw new RecordpipeError('unsupported-source', text, { uri });
  }
  return renamed ? spooled(uri, options) : streamed(uri, options);
}

async function streamed(uri: string, options: RecordWriteOptions): Promise<Target> {
  const writer = await openWriter(uri, options);
  const sink = compressing(new ObjectSink(writer), options);
  return {
    path: uri,
    sink,
    file: {
      async name() {
        await writer.close();
      },
      discard: () => writer.abort(),
    },
  };
}

async function spooled(uri: string, options: RecordWriteOptions): Promise<Target> {
  const path = temporaryPath(join(tmpdir(), 'recordpipe'));
  const remove = async (): Promise<void> => {
    await unlink(path).catch(() => {});
    forgetTemporary(path);
  };
  let sink: Sink;
  try {
    sink = await openSink(path, 'wx', options, path, 0o600);
  } catch (error) {
    forgetTemporary(path);
    throw error;
  }
  return { path: uri, sink, file: spooledFile(path, options, remove) };
}

function spooledFile(path: string, options: RecordWriteOptions, remove: () => Promise<void>): Unnamed {
  return {
    async name(wanted) {
      await upload(path, wanted, options);
      await remove();
    },
    discard: remove,
  };
}

async function upload(path: string, uri: string, options: RecordWriteOptions): Promise<void> {
  const writer = await openWriter(uri, options);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }))
      await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw fileError(error, path);
  }
}

function openWriter(uri: string, { objects, overwrite, signal }: RecordWriteOptions): Promise<ObjectWriter> {
  return openObjectWriter(uri, { ...objects, overwrite, signal });
}

/** Closing it leaves the object open: it is finished by its name. */
class ObjectSink implements Sink {
  readonly #writer: ObjectWriter;

  constructor(writer: ObjectWriter) {
    this.#writer = writer;
  }

  get bytes(): number {
    return this.#writer.bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async destroy(): Promise<void> {}
}
