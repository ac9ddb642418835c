import { write } from 'node:fs';
import { fileError } from '../bytes/file-errors.ts';
import { compressing, type Sink } from './sink.ts';
import type { RecordWriteOptions } from './write-options.ts';

const STDOUT = 1;
const RETRY_MS = 5;

/**
 * Standard output as a sink. Not by process.stdout: its writes to a pipe block the thread, and with it the handling of signals. Closing it leaves it open:
 * it belongs to the process.
 */
export function standardOutput(options: RecordWriteOptions): Sink {
  return compressing(new StandardOutput(), options);
}

class StandardOutput implements Sink {
  bytes = 0;

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = await writeSome(bytes, at);
      at += count;
      this.bytes += count;
    }
  }

  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async destroy(): Promise<void> {}
}

function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, at, Math.min(bytes.length - at, 2 ** 30), null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS);
      else reject(fileError(error, '<stdout>'));
    });
  });
}
