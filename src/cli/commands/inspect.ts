import { hash as digest } from 'node:crypto';
import {
  isRecordpipeError,
  type OpenedRecords,
  openRecords,
  type RecordBatch,
  type RecordpipeError,
} from 'recordpipe';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { print } from '../output.ts';
import { previewLines } from '../preview.ts';
import { formatBytes } from '../sizes.ts';
import { byteSource } from '../source.ts';
import { type Painter, painter } from '../style.ts';
import { visible } from '../visible.ts';

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
  /** Where the record was in several (RecordIO). */
  readonly parts?: number;
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
  const note = (error: unknown): undefined => {
    if (!isRecordpipeError(error) || error.code === 'aborted') throw error;
    passedOver.push(error);
  };
  const opened = await openRecords(source, {
    ...readingOptions(options),
    uri,
    reuse: true,
    signal: interruption(),
    onCorrupt: note,
  }).catch(note);
  const { format = null, compression = null } = opened ?? {};
  const head = JSON.stringify({ uri, format, compression }, undefined, 2);
  if (json) await print(`${head.slice(0, -2)},\n  "records": `);
  else if (!jsonl && opened !== undefined) await print(paint('dim', titleText(uri, opened)));
  try {
    for await (const batch of opened?.batches ?? []) {
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
    note(error);
  }
  if (!json && !jsonl && separator === '[' && passedOver.length === 0)
    await print(paint('dim', seen === 0 ? 'no records\n' : `no record ${skip}: there are ${seen}\n`));
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
  return {
    record,
    offset: batch.offset(i),
    length: payload.length,
    ...(hash && { sha256: digest('sha256', payload, 'hex') }),
    ...(batch.parts > 1 && { parts: batch.parts }),
  };
}

function forPeople(shown: ShownRecord, payload: Uint8Array, paint: Painter): string {
  const { record, offset, length, sha256, parts } = shown;
  const size = length < 1024 ? `${length} bytes` : `${length} bytes (${formatBytes(length)})`;
  const joined = parts === undefined ? '' : `  in ${parts} parts`;
  const head = `${paint('bold', `record ${record}`)}  at byte ${offset}  ${size}${joined}`;
  const lines = [head, ...(sha256 === undefined ? [] : [`  sha256 ${sha256}`])];
  for (const line of previewLines(payload)) lines.push(paint('dim', `  ${line}`));
  return `${lines.join('\n')}\n`;
}

const FORMATS = { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'lines of text' };

function titleText(uri: string, { format, compression }: OpenedRecords): string {
  return `${visible(uri)}: ${FORMATS[format]}, ${compression === 'none' ? 'not compressed' : compression}\n`;
}
