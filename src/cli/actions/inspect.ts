import { hash as digest } from 'node:crypto';
import { type OpenedRecords, openRecords, type RecordBatch, type RecordpipeError } from 'recordpipe';
import { isItemFailure } from 'recordpipe/errors';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { print, say } from '../output.ts';
import { littleAtFirst } from '../reaching.ts';
import { recordViews, type ShownRecord, type ViewOptions } from '../record-views.ts';
import { byteSource } from '../source.ts';
import { formatNumberOf } from '../text/sizes.ts';
import { painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe inspect`. */
export interface InspectCommandOptions extends CommonOptions, PayloadOptions, ViewOptions {
  /** 0: all. */
  readonly records: number;
  readonly skip: number;
  readonly hash?: true;
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
  let saved = 0;
  const views = await recordViews(options);
  const { source, uri } = byteSource(file);
  const note = (error: unknown): undefined => {
    if (!isItemFailure(error)) throw error;
    passedOver.push(error);
  };
  const opened = await openRecords(source, {
    ...littleAtFirst(readingOptions(options), end),
    uri,
    reuse: true,
    signal: interruption(),
    onCorrupt: note,
  }).catch(note);
  const { format = null, compression = null } = opened ?? {};
  let shownRecords = 0;
  const head = JSON.stringify({ uri, format, compression }, undefined, 2);
  if (json) await print(`${head.slice(0, -2)},\n  "records": `);
  let isTitled = json || jsonl || opened === undefined;
  /** Printed with the first records: an empty file has no format. */
  const title = async (isEmpty: boolean): Promise<void> => {
    if (isTitled || opened === undefined) return;
    isTitled = true;
    await say(paint('dim', titleText(uri, opened, isEmpty && options.format === 'auto')));
  };
  try {
    for await (const batch of opened?.batches ?? []) {
      await title(false);
      const lines = new Lines(json || jsonl ? print : say);
      for (let i = Math.max(0, skip - seen); i < batch.length && seen + i < end; i++) {
        const shown = describe(batch, i, options.hash);
        const payload = batch.record(i);
        if (json || jsonl) {
          if (json) await lines.add(`${separator}\n    `);
          for (const piece of views.json(shown, payload, opened!.format)) await lines.add(piece);
          if (jsonl) await lines.add('\n');
        } else await lines.add(views.people(shown, payload, opened!.format, paint));
        separator = ',';
        shownRecords++;
        saved += await views.save(shown, payload, opened!.format);
      }
      seen += batch.length;
      await lines.flush();
      if (seen >= end) break;
    }
  } catch (error) {
    note(error);
  }
  await title(passedOver.length === 0);
  if (options.saveImages !== undefined && !json && !jsonl)
    await say(paint('dim', `${formatNumberOf(saved, 'image')} written to ${visible(options.saveImages)}\n`));
  if (!json && !jsonl && separator === '[' && passedOver.length === 0)
    await say(
      paint(
        'dim',
        seen === 0 ? 'no records\n' : `no record ${skip}: the file has ${formatNumberOf(seen, 'record')}\n`,
      ),
    );
  if (json) {
    const close = separator === '[' ? '[]' : '\n  ]';
    await print(`${close},\n  "errors": ${JSON.stringify(passedOver)}\n}\n`);
  }
  for (const error of passedOver) exitCode = await fail(error);
  if (exitCode === OK && shownRecords > 0) views.checkFeatures(shownRecords);
  return exitCode;
}

/** Text for standard output, written in pieces of bounded size. */
class Lines {
  #pieces: string[] = [];
  #characters = 0;
  readonly #write: (text: string) => Promise<void>;

  constructor(write: (text: string) => Promise<void>) {
    this.#write = write;
  }

  async add(piece: string): Promise<void> {
    this.#pieces.push(piece);
    this.#characters += piece.length;
    if (this.#characters >= PIECE_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#characters === 0) return;
    const text = this.#pieces.join('');
    this.#pieces = [];
    this.#characters = 0;
    await this.#write(text);
  }
}

const PIECE_CHARACTERS = 2 ** 20;

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

const FORMATS = { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'lines of text' };

function titleText(uri: string, { format, compression }: OpenedRecords, isEmpty: boolean): string {
  const name = isEmpty ? 'unknown (empty)' : FORMATS[format];
  return `${visible(uri)}: ${name}, ${compression === 'none' ? 'not compressed' : compression}\n`;
}
