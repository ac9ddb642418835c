import { type RecordBatch, readRecordBatches } from 'recordpipe';
import { expandInputs } from 'recordpipe/check';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { type BinaryOutputOptions, binaryOnTerminal, isBinary, isGuarded, print } from '../output.ts';
import { littleAtFirst, reachingOf } from '../reaching.ts';
import { byteSource } from '../source.ts';

/** Options of `recordpipe cat`. */
export interface CatCommandOptions
  extends CommonOptions,
    PayloadOptions,
    BinaryOutputOptions,
    InputCommandOptions {
  /** Records of all files together; 0: all. */
  readonly records: number;
  readonly skip: number;
  readonly newline?: true;
  readonly base64?: true;
}

/** Writes payloads to standard output. Returns the exit code. */
export async function cat(inputs: string[], options: CatCommandOptions): Promise<number> {
  const { skip, records } = options;
  const end = records === 0 ? Number.POSITIVE_INFINITY : skip + records;
  const guarded = isGuarded(options);
  let exitCode = OK;
  let complaints: Promise<unknown> = Promise.resolve();
  let seen = 0;
  for (const file of await expandInputs(inputs, options.format, {
    ...reachingOf(options),
    ...inputOptionsOf(options),
  })) {
    const { source, uri } = byteSource(file);
    const batches = readRecordBatches(source, {
      ...littleAtFirst(readingOptions(options), end),
      uri,
      reuse: true,
      signal: interruption(),
      onCorrupt: (error) => {
        complaints = complaints.then(async () => {
          exitCode = await fail(error);
        });
      },
    });
    for await (const batch of batches) {
      const from = Math.max(0, skip - seen);
      const to = Math.min(batch.length, end - seen);
      seen += batch.length;
      if (options.base64) await printBase64(batch, from, to);
      else if (from < to) {
        const data = joined(batch, from, to, options);
        if (guarded && isBinary(data)) throw binaryOnTerminal('cat: the payload', '--base64');
        await print(data);
      }
      if (seen >= end) break;
    }
    if (seen >= end) break;
  }
  await complaints;
  return exitCode;
}

const NEWLINE = 10;

/** The payloads `from` to `to` of a batch as they are written. */
function joined(batch: RecordBatch, from: number, to: number, options: CatCommandOptions): Uint8Array {
  const gap = options.newline ? 1 : 0;
  if (to - from === 1 && gap === 0) return batch.record(from);
  const { index, bytes } = batch;
  let total = 0;
  for (let i = from; i < to; i++) total += index[2 * i + 1] + gap;
  const target = Buffer.allocUnsafe(total);
  let at = 0;
  for (let i = from; i < to; i++) {
    const start = index[2 * i];
    const end = start + index[2 * i + 1];
    target.set(bytes.subarray(start, end), at);
    at += end - start;
    if (gap === 1) target[at++] = NEWLINE;
  }
  return target;
}

/** A multiple of 3, so that the base64 of the pieces is that of the whole. A string cannot hold that of 400 MB. */
const PIECE_BYTES = 3 * 2 ** 18;

async function printBase64(batch: RecordBatch, from: number, to: number): Promise<void> {
  let lines = '';
  for (let i = from; i < to; i++) {
    const { buffer, byteOffset, length } = batch.record(i);
    for (let at = 0; at < length; at += PIECE_BYTES) {
      lines += Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES, length - at)).toString('base64');
      if (lines.length < PIECE_BYTES) continue;
      await print(lines);
      lines = '';
    }
    lines += '\n';
  }
  if (lines !== '') await print(lines);
}
