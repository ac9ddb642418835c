import { UsageError } from '../errors.ts';
import type { CodecOptions } from './codec-options.ts';
import type { RecordCodec, RecordFormat } from './record-format.ts';
import { recordIOFormat } from './recordio/format.ts';
import type { RecordIOOptions } from './recordio/options.ts';
import { textLineFormat } from './textline/format.ts';
import type { TextLineOptions } from './textline/options.ts';
import { tfrecordFormat } from './tfrecord/format.ts';
import type { TFRecordOptions } from './tfrecord/options.ts';

/** The name of a record format. */
export type FormatName = 'tfrecord' | 'recordio' | 'textline';

/** The only list of formats, in the order in which detection tries them. */
const FORMATS: Readonly<Record<FormatName, object>> = {
  tfrecord: tfrecordFormat,
  recordio: recordIOFormat,
  textline: textLineFormat,
};

/** The reading options of all formats. A format uses its own and ignores the others. */
export interface AnyOptions extends TFRecordOptions, RecordIOOptions, TextLineOptions {}

/** A format whose options are not known before it runs. */
export type AnyFormat = RecordFormat<AnyOptions>;

const registered = /* @__PURE__ */ new Map<string, AnyFormat>(
  /* @__PURE__ */ Object.entries(FORMATS) as [string, AnyFormat][],
);

/** The names of all formats. */
export function formatNames(): FormatName[] {
  return [...registered.keys()] as FormatName[];
}

/** All formats. */
export function formats(): AnyFormat[] {
  return [...registered.values()];
}

/**
 * The format of this name.
 * @param others further names that the option accepts, for the error
 * @throws UsageError for an unknown name
 */
export function recordFormat(name: FormatName, others: readonly string[] = ['auto']): AnyFormat {
  const format = registered.get(name);
  if (format === undefined)
    throw new UsageError(
      `format: expected one of ${[...others, ...formatNames()].join(', ')}, got ${String(name)}`,
    );
  return format;
}

/** Decoder and scanner of the format of this name. @throws UsageError for an unknown name */
export async function recordCodec(name: FormatName): Promise<RecordCodec<AnyOptions>> {
  return recordFormat(name).codec();
}

/** Adds a format for this thread, and returns a function that removes it. Worker threads do not know it. */
export function registerFormat<R extends CodecOptions, W extends object>(
  format: RecordFormat<R, W>,
): () => void {
  registered.set(format.name, format as unknown as AnyFormat);
  return () => registered.delete(format.name);
}
