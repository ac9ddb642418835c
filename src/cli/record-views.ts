import { UsageError } from 'recordpipe/errors';
import { previewLines } from './preview.ts';
import { formatBytes } from './sizes.ts';
import type { Painter } from './style.ts';

/** What is said of a record. */
export interface ShownRecord {
  readonly record: number;
  readonly offset: number;
  readonly length: number;
  readonly sha256?: string;
  /** Where the record was in several (RecordIO). */
  readonly parts?: number;
}

/** How much is looked at in records. */
export interface ViewOptions {
  readonly decode?: true;
  readonly feature?: readonly string[];
  readonly saveImages?: string;
  readonly json?: true;
  readonly jsonl?: true;
}

/** Ways of showing a record and what is in it. */
export interface RecordViews {
  json(shown: ShownRecord, payload: Uint8Array): string;
  people(shown: ShownRecord, payload: Uint8Array, paint: Painter): string;
  /** Writes its images, where that is wanted; how many. */
  save(shown: ShownRecord, payload: Uint8Array): Promise<number>;
}

/**
 * @throws UsageError where `--decode` is given without a JSON output
 */
export async function recordViews(options: ViewOptions): Promise<RecordViews> {
  const { decode, feature, saveImages, json, jsonl } = options;
  if (decode && !json && !jsonl) throw new UsageError('--decode: expected --json or --jsonl as well');
  // Imported when wanted: start-up time counts.
  const decoding = decode && (await import('recordpipe/stats'));
  const text = !json && !jsonl ? await import('./example-text.ts') : undefined;
  const images = saveImages === undefined ? undefined : await import('./save-images.ts');
  const sought = feature !== undefined || saveImages !== undefined;
  return {
    json: (shown, payload) => {
      const line = JSON.stringify(shown);
      if (!decoding) return line;
      const found = decoding.recordMessage(payload);
      const { message } = found;
      if (message === undefined) return `${line.slice(0, -1)},"notExample":${JSON.stringify(found.why)}}`;
      const key = message === 'Example' ? 'example' : 'sequenceExample';
      return `${line.slice(0, -1)},"${key}":${decoding.exampleJson(payload, feature)}}`;
    },
    people: (shown, payload, paint) => {
      const example = payload.length === 0 ? undefined : text?.exampleText(payload, feature);
      const lines = [headLine(shown, example?.message, paint)];
      if (shown.sha256 !== undefined) lines.push(`  sha256 ${shown.sha256}`);
      if (example === undefined && sought)
        lines.push(paint('yellow', '  neither an Example nor a SequenceExample'));
      const missing = example?.lines.length === 0;
      const inside = missing
        ? [sought ? '(no such feature)' : '(no features)']
        : (example?.lines ?? previewLines(payload));
      for (const line of inside) lines.push(paint('dim', `  ${line}`));
      return `${lines.join('\n')}\n`;
    },
    save: async ({ record }, payload) =>
      images === undefined ? 0 : images.saveImages(payload, record, feature, saveImages!),
  };
}

function headLine(
  { record, offset, length, parts }: ShownRecord,
  message: string | undefined,
  paint: Painter,
): string {
  const size = length < 1024 ? `${length} bytes` : `${length} bytes (${formatBytes(length)})`;
  const joined = parts === undefined ? '' : `  in ${parts} parts`;
  const what = message === undefined ? '' : `  ${message}`;
  return `${paint('bold', `record ${record}`)}  at byte ${offset}  ${size}${joined}${what}`;
}
