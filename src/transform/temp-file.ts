import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32c } from '../crc32c/crc32c.ts';
import { RecordpipeError } from '../errors.ts';
import { fileError } from '../storage/local/file-errors.ts';
import { forgetTemporary, temporaryPath } from '../storage/local/temporary-file.ts';

/** Maximum number of bytes per call. Node accepts less than 2^31. */
const CALL_BYTES = 2 ** 30;

/**
 * A temporary file that is written once, then read once, both sequentially. It is unlinked as soon
 * as it is open, so it disappears regardless of how the process ends. On systems that do not allow
 * this, `close` removes it.
 */
export class TempFile {
  /** Number of bytes written so far. */
  bytes = 0;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #named: boolean;
  #checksum = 0;
  #readChecksum = 0;
  #readAt = 0;

  private constructor(handle: FileHandle, path: string, named: boolean) {
    this.#handle = handle;
    this.#path = path;
    this.#named = named;
  }

  /**
   * Creates a temporary file.
   * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`
   */
  static async open(folder: string): Promise<TempFile> {
    const path = temporaryPath(join(folder, 'recordpipe'));
    let handle: FileHandle;
    try {
      handle = await open(path, 'wx+', 0o600);
    } catch (error) {
      forgetTemporary(path);
      throw tempError(error, folder);
    }
    const named = await unlink(path).then(
      () => false,
      () => true,
    );
    if (!named) forgetTemporary(path);
    return new TempFile(handle, path, named);
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#checksum = crc32c(bytes, this.#checksum);
    try {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(CALL_BYTES, bytes.length - at);
        const { bytesWritten } = await this.#handle.write(bytes, at, length, this.bytes);
        at += bytesWritten;
        this.bytes += bytesWritten;
      }
    } catch (error) {
      throw tempError(error, dirname(this.#path));
    }
  }

  /**
   * Fills `target` with the next bytes and returns their number, which is smaller than `target`
   * only at the end.
   * @throws RecordpipeError `io-failure`, also if the bytes read differ from those written
   */
  async read(target: Uint8Array): Promise<number> {
    const total = Math.min(target.length, this.bytes - this.#readAt);
    let done = 0;
    try {
      while (done < total) {
        const length = Math.min(CALL_BYTES, total - done);
        const { bytesRead } = await this.#handle.read(target, done, length, this.#readAt);
        if (bytesRead === 0) throw this.#changed();
        done += bytesRead;
        this.#readAt += bytesRead;
      }
    } catch (error) {
      throw tempError(error, dirname(this.#path));
    }
    this.#readChecksum = crc32c(target.subarray(0, done), this.#readChecksum);
    if (this.#readAt === this.bytes && this.#readChecksum !== this.#checksum) throw this.#changed();
    return done;
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (!this.#named) return;
    await unlink(this.#path).catch(() => {});
    forgetTemporary(this.#path);
  }

  #changed(): RecordpipeError {
    const text = 'the temporary file is corrupt; check the disk';
    return new RecordpipeError('io-failure', text, { uri: this.#path });
  }
}

function tempError(error: unknown, uri: string): RecordpipeError {
  const { code, message } = fileError(error, uri);
  if (error instanceof RecordpipeError) return error;
  const text = `temporary files cannot be stored here: ${message.replace(/ \([^(]*\)$/, '')}`;
  return new RecordpipeError(code, text, { uri }, error);
}
