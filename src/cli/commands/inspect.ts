import { hash as digest } from 'node:crypto';
import { isRecordpipeError, type RecordBatch, type RecordpipeError, readTFRecordBatches } from 'recordpipe';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { print } from '../output.ts';
import { previewLines } from '../preview.ts';
import { formatBytes } from '../sizes.ts';
import { byteSource } from '../source.ts';
import { type Painter, painter } from '../style.ts';

/** Options of `recordpipe inspect`. */
export interface InspectCommandOptions extends CommonOptions, PayloadOptions {
  /** 0: all. */
  readonly records: number;
  readonly skip: number;
  readonly hash?: true;
  readonly json?: true;
  readonly jsonl?: true;
}

interface ShownRecord {
  readonly record: number;
  readonly offset: number;
  readonly length: number;
  readonly sha256?: string;
}

/** Shows records of one file; the exit code. */
export async function inspect(file: string, options: InspectCommandOptions): Promise<number> {
  const { json, jsonl, skip } = options;
  const end = options.records === 0 ? Number.POSITIVE_INFINITY : skip + options.records;
  const paint = painter(options.color, 1);
  const passedOver: RecordpipeError[] = [];
  let exitCode = OK;
  let seen = 0;
  let separator = '[';
  const { source, uri } = byteSource(file);
  if (json) await print(`{\n  "uri": ${JSON.stringify(uri)},\n  "records": `);
  try {
    const batches = readTFRecordBatches(source, {
      ...readingOptions(options),
      uri,
      reuse: true,
      signal: interruption(),
      onCorrupt: (error) => passedOver.push(error),
    });
    for await (const batch of batches) {
      const lines: string[] = [];
      for (let i = Math.max(0, skip - seen); i < batch.length && seen + i < end; i++) {
        const shown = describe(batch, i, options.hash);
        if (json) lines.push(`${separator}\n    ${JSON.stringify(shown)}`);
        else lines.push(jsonl ? `${JSON.stringify(shown)}\n` : forPeople(shown, batch.record(i), paint));
        separator = ',';
      }
      seen += batch.length;
      if (lines.length > 0) await print(lines.join(''));
      if (seen >= end) break;
    }
  } catch (error) {
    if (!isRecordpipeError(error) || error.code === 'aborted') throw error;
    passedOver.push(error);
  }
  if (json) {
    const close = separator === '[' ? '[]' : '\n  ]';
    await print(`${close},\n  "errors": ${JSON.stringify(passedOver)}\n}\n`);
  }
  for (const error of passedOver) exitCode = await fail(error);
  return exitCode;
}

function describe(batch: RecordBatch, i: number, hash: true | undefined): ShownRecord {
  const payload = batch.record(i);
  const record = batch.firstRecord + i;
  const shown = { record, offset: batch.offset(i), length: payload.length };
  return hash ? { ...shown, sha256: digest('sha256', payload, 'hex') } : shown;
}

function forPeople(shown: ShownRecord, payload: Uint8Array, paint: Painter): string {
  const { record, offset, length, sha256 } = shown;
  const size = length < 1024 ? `${length} bytes` : `${length} bytes (${formatBytes(length)})`;
  const head = `${paint('bold', `record ${record}`)}  at byte ${offset}  ${size}`;
  const lines = [head, ...(sha256 === undefined ? [] : [`  sha256 ${sha256}`])];
  for (const line of previewLines(payload)) lines.push(paint('dim', `  ${line}`));
  return `${lines.join('\n')}\n`;
}
