import type { RecordBatch } from 'recordpipe';
import type { RecordFilter } from 'recordpipe/messages/filter';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { interruption } from '../interrupt.ts';
import { filterOptions, noteUnknownFeature } from '../options/filter.ts';
import { expanded, INPUTS, inputSelection, sourceOf } from '../options/inputs.ts';
import { objectReadOptions, withSmallStart } from '../options/objects.ts';
import { atLeast, flag, parsed, type Values } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { binaryOnTerminal, isBinary, isGuarded, print } from '../output.ts';

const OPTIONS = {
  records: parsed('-n, --records <n>', 'maximum number of records; 0 means all', atLeast(0), 0),
  skip: parsed('--skip <n>', 'number of records to skip at the start', atLeast(0), 0),
  ...filterOptions,
  newline: flag('--newline', 'write a newline after each payload'),
  base64: flag('--base64', 'write each payload as base64 on its own line'),
  binary: flag('--binary', 'allow binary output to a terminal'),
  ...readingOptions,
  ...payloadOptions,
  ...objectReadOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'cat',
  description: 'Write record payloads to standard output, unchanged and without separators.',
  arguments: { '<inputs...>': INPUTS },
  options: OPTIONS,
  examples: `
recordpipe cat lines.tfrecord --newline
recordpipe cat images.tfrecord -n 1 > first.jpg
recordpipe cat data/ --base64 | wc -l
recordpipe cat data/ --base64 --where 'label == 3 && score >= 0.5' | head
recordpipe cat lines.txt.gz --cr keep --newline`,
  notes: `cat verifies each record before writing it. At the first invalid record, cat stops with exit code 1 unless you pass --recover. -n and --skip count only records that pass --where, if it is set.`,
  action: cat,
});

type Options = Values<typeof OPTIONS>;

async function cat(inputs: string[], options: Options): Promise<number> {
  const { readRecordBatches, RecordBatch: Batch } = await import('recordpipe');
  const { skip, records, where } = options;
  const filters = where === undefined ? undefined : await import('recordpipe/messages/filter');
  const filter = await filters?.compileFilter(where!);
  const end = records === 0 ? Number.POSITIVE_INFINITY : skip + records;
  const guarded = isGuarded(options);
  let exitCode = OK;
  let complaints: Promise<unknown> = Promise.resolve();
  let seen = 0;
  const files = await expanded(inputs, options);
  // Standard input and errors of filters have the name of one file. Files that are read together are
  // requested ahead.
  const sources =
    files.includes('-') || filter !== undefined
      ? files.map(sourceOf)
      : [{ source: files.map((uri) => ({ uri })) }];
  for (const { source, ...name } of sources) {
    const batches = readRecordBatches(source, {
      ...withSmallStart(readingOf(options), filter === undefined ? end : Number.POSITIVE_INFINITY),
      ...name,
      reuse: true,
      signal: interruption(),
      onCorrupt: (error) => {
        complaints = complaints.then(async () => {
          exitCode = await fail(error);
        });
      },
    });
    for await (const whole of batches) {
      const { batch, failure } =
        filter === undefined ? { batch: whole } : selected(whole, filter, name, Batch);
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
      if (failure !== undefined) throw failure;
    }
    if (seen >= end) break;
  }
  await complaints;
  // If the command stops early, later records may have the feature.
  if (filter !== undefined && seen < end)
    for (const message of filters!.missingFeatures(filter.counts)) noteUnknownFeature({ message });
  return exitCode;
}

/**
 * Returns a batch of the selected records of a batch. If a record cannot be tested, returns those
 * before it, and the error.
 */
function selected(
  batch: RecordBatch,
  filter: RecordFilter,
  place: { readonly uri?: string },
  Batch: typeof RecordBatch,
): { readonly batch: RecordBatch; readonly failure?: unknown } {
  const { bytes, index, length, firstRecord } = batch;
  const kept = new Uint32Array(2 * length);
  let count = 0;
  let failure: unknown;
  try {
    for (let i = 0; i < length; i++) {
      if (!filter.matchesIn(batch, i, place)) continue;
      kept[2 * count] = index[2 * i];
      kept[2 * count + 1] = index[2 * i + 1];
      count++;
    }
  } catch (error) {
    failure = error;
  }
  return { batch: new Batch(bytes, kept, count, firstRecord, 0, 0), failure };
}

const NEWLINE = 10;

/** Joins payloads `from` to `to` of a batch in the output format. */
function joined(batch: RecordBatch, from: number, to: number, options: Options): Uint8Array {
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

/**
 * Piece size, in bytes: a multiple of 3, so that the concatenated base64 pieces equal the base64 of
 * the payload. A single string cannot hold the base64 of 400 MB.
 */
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
