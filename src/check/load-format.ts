import type { FormatName, RecordFormat } from '../formats/record-format.ts';
import type { RecordReadOptions } from '../records/record-read-options.ts';

const LOADERS: Record<FormatName, () => Promise<unknown>> = {
  tfrecord: async () => (await import('../formats/tfrecord/format.ts')).tfrecordFormat,
  recordio: async () => (await import('../formats/recordio/format.ts')).recordIOFormat,
  textline: async () => (await import('../formats/textline/format.ts')).textLineFormat,
};

/** The format of this name. Only its own modules are imported: all of them together take longer than checking a small file. */
export async function loadFormat(name: FormatName): Promise<RecordFormat<RecordReadOptions>> {
  // A format takes what it knows from the options of all formats and leaves the rest.
  return (await LOADERS[name]()) as RecordFormat<RecordReadOptions>;
}
