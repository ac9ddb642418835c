import type { OpenedRecords, RecordBatch } from 'recordpipe';
import { type ErrorPlace, isItemFailure, type RecordpipeError } from 'recordpipe/errors';
import type { RecordFilter } from 'recordpipe/messages/filter';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { selectOption } from '../feature-choice.ts';
import { interruption } from '../interrupt.ts';
import { filterOptions, noteUnknownFeature } from '../options/filter.ts';
import { ONE_FILE, sourceOf } from '../options/inputs.ts';
import { objectReadOptions, withSmallStart } from '../options/objects.ts';
import { atLeast, flag, parsed, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { linesOptions, reportOptions } from '../options/reports.ts';
import { print, say } from '../output.ts';
import type { ShownRecord } from '../record-views.ts';
import { formatNumberOf, visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';

const OPTIONS = {
  records: parsed('-n, --records <n>', 'maximum number of records; 0 means all', atLeast(0), 5),
  skip: parsed('--skip <n>', 'number of records to skip at the start', atLeast(0), 0),
  ...filterOptions,
  select: selectOption,
  saveImages: value('--save-images <dir>', 'write the images in the shown records to this directory'),
  force: flag('-f, --force', 'with --save-images: overwrite existing files'),
  decode: flag('--decode', "with --json or --jsonl: also print the content in protobuf's JSON mapping"),
  hash: flag('--hash', 'show the SHA-256 of each payload'),
  json: reportOptions.json,
  ...linesOptions,
  ...readingOptions,
  ...payloadOptions,
  ...objectReadOptions,
};

export const register: Register = command({
  name: 'inspect',
  description:
    'Show the number, offset, length and content of records (features, labels, tensors, scalars, text or bytes).',
  arguments: { '<file>': ONE_FILE },
  options: OPTIONS,
  examples: `
recordpipe inspect train.tfrecord         # the first 5 records
recordpipe inspect train.tfrecord --skip 1000 -n 1
recordpipe inspect train.tfrecord -n 0 --hash --jsonl
recordpipe inspect train.tfrecord -n 1 --select 'label,image/*'
recordpipe inspect train.tfrecord --where 'label == 3 && !has(bbox)'
recordpipe inspect train.tfrecord -n 20 --save-images images/
recordpipe inspect train.tfrecord -n 0 --jsonl --decode
recordpipe inspect train.rec              # labels, ids, tensors, images
recordpipe inspect events.out.tfevents.1 -n 0  # scalars of TensorBoard by tag`,
  notes: `-n and --skip count only records that pass --where, if it is set. Record numbers and offsets start at 0. An offset is the position of a record's first byte in the uncompressed data.`,
  action: inspect,
});

type Options = Values<typeof OPTIONS>;

async function inspect(file: string, options: Options): Promise<number> {
  const { json, jsonl, skip, where } = options;
  const isText = !json && !jsonl;
  const end = options.records === 0 ? Number.POSITIVE_INFINITY : skip + options.records;
  const paint = painter(1);
  const [{ openRecords }, { recordViews }, crypto] = await Promise.all([
    import('recordpipe'),
    import('../record-views.ts'),
    options.hash && import('node:crypto'),
  ]);
  const views = await recordViews(options);
  const filters = where === undefined ? undefined : await import('recordpipe/messages/filter');
  const filter = await filters?.compileFilter(where!);
  const errors: RecordpipeError[] = [];
  const note = (error: unknown): undefined => {
    if (!isItemFailure(error)) throw error;
    errors.push(error);
  };
  const { source, uri } = sourceOf(file);
  const opened = await openRecords(source, {
    ...withSmallStart(readingOf(options), filter === undefined ? end : Number.POSITIVE_INFINITY),
    uri,
    reuse: true,
    signal: interruption(),
    onCorrupt: note,
  }).catch(note);
  const { format = null, compression = null } = opened ?? {};
  let seen = 0;
  let shown = 0;
  let saved = 0;
  const head = JSON.stringify({ uri, format, compression }, undefined, 2);
  if (json) await print(`${head.slice(0, -2)},\n  "records": `);
  let isTitled = !isText || opened === undefined;
  /** Prints the title with the first records, because an empty file has no format. */
  const title = async (isEmpty: boolean): Promise<void> => {
    if (isTitled || opened === undefined) return;
    isTitled = true;
    await say(paint('dim', titleText(uri, opened, isEmpty && options.format === 'auto')));
  };
  try {
    for await (const batch of opened?.batches ?? []) {
      await title(false);
      const lines = new Lines(isText ? say : print);
      const place = { uri, compressed: compression !== 'none' };
      for (let i = 0; i < batch.length && seen < end; i++) {
        if (filter !== undefined && !(await passes(filter, batch, i, place, lines))) continue;
        if (seen++ < skip) continue;
        const record = describe(batch, i, crypto);
        const payload = batch.record(i);
        if (isText) await lines.add(views.text(record, payload, opened!.format, paint));
        else {
          if (json) await lines.add(`${shown === 0 ? '[' : ','}\n    `);
          for (const piece of views.json(record, payload, opened!.format)) await lines.add(piece);
          if (jsonl) await lines.add('\n');
        }
        shown++;
        saved += await views.save(record, payload, opened!.format);
      }
      await lines.flush();
      if (seen >= end) break;
    }
  } catch (error) {
    note(error);
  }
  await title(errors.length === 0);
  // If the command stops early, later records may have the feature.
  if (filter !== undefined && seen < end && errors.length === 0)
    for (const message of filters!.missingFeatures(filter.counts)) noteUnknownFeature({ message });
  if (isText) {
    if (options.saveImages !== undefined)
      await say(
        paint('dim', `${formatNumberOf(saved, 'image')} written to ${visible(options.saveImages)}\n`),
      );
    if (shown === 0 && errors.length === 0)
      await say(paint('dim', `${noneText(seen, skip, filter !== undefined)}\n`));
  }
  if (json) await print(`${shown === 0 ? '[]' : '\n  ]'},\n  "errors": ${JSON.stringify(errors)}\n}\n`);
  let exitCode = OK;
  for (const error of errors) exitCode = await fail(error);
  if (exitCode === OK && shown > 0) views.checkFeatures(shown);
  return exitCode;
}

/** Tests a record. If that is impossible, writes the records before it first. */
async function passes(
  filter: RecordFilter,
  batch: RecordBatch,
  i: number,
  place: ErrorPlace,
  lines: Lines,
): Promise<boolean> {
  try {
    return filter.matchesIn(batch, i, place);
  } catch (error) {
    await lines.flush();
    throw error;
  }
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

function describe(
  batch: RecordBatch,
  i: number,
  crypto: typeof import('node:crypto') | undefined,
): ShownRecord {
  const payload = batch.record(i);
  return {
    record: batch.firstRecord + i,
    offset: batch.offset(i),
    length: payload.length,
    ...(crypto && { sha256: crypto.hash('sha256', payload, 'hex') }),
    ...(batch.parts > 1 && { parts: batch.parts }),
  };
}

const FORMATS = { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'lines of text' };

function titleText(uri: string, { format, compression }: OpenedRecords, isEmpty: boolean): string {
  const name = isEmpty ? 'unknown (empty)' : FORMATS[format];
  return `${visible(uri)}: ${name}, ${compression === 'none' ? 'not compressed' : compression}\n`;
}

function noneText(records: number, skip: number, isFiltered: boolean): string {
  if (isFiltered)
    return records === 0
      ? 'no record passed --where'
      : `only ${formatNumberOf(records, 'record')} passed --where`;
  return records === 0
    ? 'no records'
    : `record ${skip} does not exist: the file has ${formatNumberOf(records, 'record')}`;
}
