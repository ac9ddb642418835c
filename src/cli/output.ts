import { write } from 'node:fs';
import { redacted } from 'recordpipe/errors';

/** Standard output was closed by its reader (`| head`): nobody wants more. */
export class ClosedOutput extends Error {
  override readonly name = 'ClosedOutput';
}

const STDOUT = 1;
const RETRY_MS = 5;

let last: Promise<void> = Promise.resolve();

/**
 * Writes to standard output, in the order of the calls; done when all is handed over, so that awaiting it keeps memory constant however
 * slow the reader is. Not by process.stdout: its writes to a pipe block the thread, and with it the handling of signals.
 *
 * @throws ClosedOutput when the reader has gone; an `io-failure` for a full disk and the like
 */
export function print(data: Uint8Array | string): Promise<void> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  last = last.then(() => writeAll(bytes));
  last.catch(() => {}); // whoever awaits it, or a later call, is told
  return last;
}

/** Writes a line to standard error, without secrets. A closed standard error is ignored. */
export function complain(line: string): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(`${redacted(line)}\n`);
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await writeSome(bytes, at);
}

function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, at, bytes.length - at, null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS);
      else if (error.code === 'EPIPE') reject(new ClosedOutput('standard output was closed'));
      else void ioFailure(error).then(reject);
    });
  });
}

async function ioFailure(error: NodeJS.ErrnoException): Promise<Error> {
  const { RecordpipeError } = await import('recordpipe');
  const text = error.code === 'ENOSPC' ? 'no space left on the device' : error.message;
  return new RecordpipeError('io-failure', `writing failed: ${text}`, { uri: '<stdout>' }, error);
}
