import { UsageError } from '../errors.ts';
import type { RecordReadOptions } from '../records/record-read-options.ts';
import { FORMAT_NAMES, type FormatName, type RecordFormat } from './record-format.ts';
import { recordIOFormat } from './recordio/format.ts';
import { textLineFormat } from './textline/format.ts';
import { tfrecordFormat } from './tfrecord/format.ts';

// Whoever imports this has all formats in his bundle; the functions of one format (readTFRecords and the like) do not.
const FORMATS: Readonly<Record<FormatName, unknown>> = {
  tfrecord: tfrecordFormat,
  recordio: recordIOFormat,
  textline: textLineFormat,
};

/**
 * The format of this name.
 * @throws UsageError for a name that no format has
 */
export function recordFormat(name: FormatName): RecordFormat<RecordReadOptions> {
  if (!Object.hasOwn(FORMATS, name))
    throw new UsageError(`format: expected one of auto, ${FORMAT_NAMES.join(', ')}, got ${String(name)}`);
  // A format takes what it knows from the options of all formats and leaves the rest.
  return FORMATS[name] as RecordFormat<RecordReadOptions>;
}
