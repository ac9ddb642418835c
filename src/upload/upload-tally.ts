import { storedBytes } from '../report/file-task.ts';
import type { PlannedUpload } from './plan-uploads.ts';
import type { UploadWatch } from './upload-one.ts';
import type { UploadOptions } from './upload-options.ts';
import type { UploadedFile } from './upload-report.ts';

interface Running {
  checked: number;
  sent: number;
}

/** Keeps count, and tells. */
export class UploadTally {
  readonly #files: (UploadedFile | undefined)[];
  readonly #running: Running[];
  readonly #sizes: readonly number[];
  /** How often each byte is handled: read for checking, and sent. */
  readonly #times: number;
  readonly #onFile: UploadOptions['onFile'];
  readonly #onProgress: UploadOptions['onProgress'];
  #told = 0;
  #done = 0;
  #bad = 0;
  /** Bytes handled so far. */
  #bytes = 0;
  readonly #totalBytes: number;
  #bytesSent = 0;
  #bytesToSend: number;

  constructor(
    planned: readonly PlannedUpload[],
    dryRun: boolean,
    onFile: UploadOptions['onFile'],
    onProgress: UploadOptions['onProgress'],
  ) {
    this.#files = planned.map(() => undefined);
    this.#running = planned.map(() => ({ checked: 0, sent: 0 }));
    this.#sizes = onProgress === undefined ? [] : planned.map(storedBytes);
    this.#times = dryRun ? 1 : 2;
    const stored = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#totalBytes = stored * this.#times;
    this.#bytesToSend = dryRun ? 0 : stored;
    this.#onFile = onFile;
    this.#onProgress = onProgress;
  }

  watch(index: number): UploadWatch {
    return {
      onChecked: (bytes) => this.#handled(index, 'checked', bytes),
      onSent: (bytes) => this.#handled(index, 'sent', this.#running[index].sent + bytes),
    };
  }

  take(index: number, file: UploadedFile): void {
    this.#files[index] = file;
    this.#done++;
    const { checked, sent } = this.#running[index];
    // What was not done to it will not be done.
    this.#bytes += (this.#sizes[index] ?? 0) * this.#times - checked - sent;
    if (this.#times === 2) this.#bytesToSend += sent - (this.#sizes[index] ?? 0);
    if (file.status === 'refused' || file.status === 'failed') this.#bad++;
    for (let next = this.#files[this.#told]; next !== undefined; next = this.#files[++this.#told])
      this.#onFile?.(next);
    this.#tell();
  }

  /** Files that were done with, in order. */
  finish(): UploadedFile[] {
    for (const file of this.#files.slice(this.#told)) if (file !== undefined) this.#onFile?.(file);
    return this.#files.filter((file) => file !== undefined);
  }

  #handled(index: number, what: keyof Running, bytes: number): void {
    this.#bytes += bytes - this.#running[index][what];
    if (what === 'sent') this.#bytesSent += bytes - this.#running[index][what];
    this.#running[index][what] = bytes;
    this.#tell();
  }

  #tell(): void {
    if (this.#onProgress === undefined) return;
    const bytes = this.#bytes;
    const totalBytes = this.#totalBytes;
    this.#onProgress({
      files: this.#files.length,
      filesDone: this.#done,
      bad: this.#bad,
      bytes,
      totalBytes,
      bytesSent: this.#bytesSent,
      bytesToSend: this.#bytesToSend,
    });
  }
}
