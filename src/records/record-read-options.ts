import type { FormatName } from '../formats/record-format.ts';
import type { RecordIOReadOptions } from '../formats/recordio/decoder.ts';
import type { TextLineReadOptions } from '../formats/textline/options.ts';
import type { TFRecordReadOptions } from '../formats/tfrecord/decoder.ts';

/** How records are read where the format is an option: the options of all formats, of which each takes its own and leaves the rest. */
export interface RecordReadOptions extends TFRecordReadOptions, RecordIOReadOptions, TextLineReadOptions {
  /**
   * Default `auto`: by content, see `detectFormat`; where neither the bytes nor what they inflate to are of a known format, reading fails with
   * `unknown-format`. An empty source has no format and no records; it is read as TFRecord.
   */
  readonly format: FormatName | 'auto';
}
