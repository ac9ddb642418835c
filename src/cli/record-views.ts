import {
  isMessageType,
  type MessageType,
  type RecordType,
  recognizeRecord,
  recordContent,
  recordJson,
} from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import type { FormatName } from 'recordpipe/formats/names';
import { FeatureChoice } from './feature-choice.ts';
import { formatBytes } from './text/format.ts';
import { contentLines, previewLines } from './text/payload.ts';
import type { Painter } from './text/terminal.ts';

/** Position, size and hash of a record. */
export interface ShownRecord {
  readonly record: number;
  readonly offset: number;
  readonly length: number;
  readonly sha256?: string;
  /** Number of parts of a multipart record (RecordIO). */
  readonly parts?: number;
}

/** Options for showing record contents. */
export interface ViewOptions {
  readonly decode?: true;
  readonly select?: readonly string[];
  readonly saveImages?: string;
  readonly force?: true;
  readonly json?: true;
  readonly jsonl?: true;
}

/** Formats records and their contents. */
export interface RecordViews {
  /** Returns the JSON of a record in pieces, because a string cannot hold a large record. */
  json(shown: ShownRecord, payload: Uint8Array, format: FormatName): Iterable<string>;
  text(shown: ShownRecord, payload: Uint8Array, format: FormatName, paint: Painter): string;
  /** Writes the images of a record to `--save-images` and returns their number. */
  save(shown: ShownRecord, payload: Uint8Array, format: FormatName): Promise<number>;
  /**
   * Checks that every feature selected by `--select` was found.
   * @throws UsageError if a selected feature is in none of the shown records
   */
  checkFeatures(records: number): void;
}

const KEYS: Record<MessageType, string> = {
  Example: 'example',
  SequenceExample: 'sequenceExample',
  ExampleListWithContext: 'exampleListWithContext',
  Event: 'event',
  // The key `record` already contains the record number.
  Record: 'sageMakerRecord',
  IRHeader: 'irHeader',
};
const TITLES: Partial<Record<RecordType, string>> = {
  Record: 'Record (recordio-protobuf)',
  Event: 'Event (TensorBoard)',
  IRHeader: 'IRHeader (MXNet)',
};
const PIECE_BYTES = 2 ** 20;

/**
 * Returns the views that the options select.
 * @throws UsageError for `--decode` without a JSON output, and for `--force` without
 *   `--save-images`
 */
export async function recordViews(options: ViewOptions): Promise<RecordViews> {
  const { decode, select, saveImages, force = false, json, jsonl } = options;
  const isJson = json || jsonl;
  if (decode && !isJson) throw new UsageError('--decode: requires --json or --jsonl');
  if (force && saveImages === undefined) throw new UsageError('--force: requires --save-images');
  if (select !== undefined && isJson && !decode && saveImages === undefined)
    throw new UsageError('--select: requires --decode when combined with --json or --jsonl');
  const images = saveImages === undefined ? undefined : await import('./save-images.ts');
  const choice = select && new FeatureChoice(select);
  const isShown = choice?.includes ?? (() => true);
  const needsNames = select !== undefined || saveImages !== undefined;

  function* jsonPieces(shown: ShownRecord, payload: Uint8Array, format: FormatName): Generator<string> {
    const line = JSON.stringify(shown);
    if (!decode) {
      yield line;
      return;
    }
    const { type, description } = recognizeRecord(payload, format);
    yield `${line.slice(0, -1)},"type":"${type}"`;
    if (isMessageType(type)) {
      // Show messages of other types completely.
      if (choice !== undefined && type !== 'Example' && type !== 'SequenceExample')
        for (const name of recordContent(payload, type).features.keys()) choice.includes(name);
      yield `,"${KEYS[type]}":`;
      yield* recordJson(payload, type, { wanted: isShown });
    } else if (type === 'text') {
      yield ',"text":"';
      yield* textPieces(payload);
      yield '"';
    } else yield `,"description":${JSON.stringify(description)}`;
    yield '}';
  }

  return {
    json: jsonPieces,
    text: (shown, payload, format, paint) => {
      const { type, description } = recognizeRecord(payload, format);
      const isEmpty = payload.length === 0;
      const lines = [headLine(shown, isEmpty ? '' : titleOf(type, description), paint)];
      if (shown.sha256 !== undefined) lines.push(`  sha256 ${shown.sha256}`);
      let inside: string[];
      if (isMessageType(type) && !isEmpty) {
        inside = contentLines(payload, type, isShown);
        if (inside.length === 0) inside = [select === undefined ? '(no features)' : '(no such feature)'];
      } else {
        if (needsNames && !isEmpty) lines.push(paint('yellow', `  no named features: ${description}`));
        inside = previewLines(payload);
      }
      for (const line of inside) lines.push(paint('dim', `  ${line}`));
      return `${lines.join('\n')}\n`;
    },
    save: async ({ record }, payload, format) => {
      if (images === undefined) return 0;
      const { type } = recognizeRecord(payload, format);
      if (!isMessageType(type)) return 0;
      return images.saveImages(recordContent(payload, type), record, isShown, saveImages!, force);
    },
    checkFeatures: (records) =>
      choice?.checkAllFound(records === 1 ? 'the record shown' : `the ${records} records shown`),
  };
}

/** Yields text escaped for JSON, without the quotes. */
function* textPieces(payload: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let at = 0; at < payload.length; at += PIECE_BYTES) {
    const text = decoder.decode(payload.subarray(at, at + PIECE_BYTES), { stream: true });
    yield JSON.stringify(text).slice(1, -1);
  }
}

/** Returns the title of a record; empty for text and hexadecimal. */
function titleOf(type: RecordType, description: string): string {
  return type === 'text' || description === 'binary data' ? '' : (TITLES[type] ?? description);
}

function headLine({ record, offset, length, parts }: ShownRecord, title: string, paint: Painter): string {
  const size = length < 1024 ? `${length} bytes` : `${length} bytes (${formatBytes(length)})`;
  const joined = parts === undefined ? '' : `  in ${parts} parts`;
  const what = title === '' ? '' : `  ${title}`;
  return `${paint('bold', `record ${record}`)}  at byte ${offset}  ${size}${joined}${what}`;
}
