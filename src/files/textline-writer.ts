import { checkOptionNames } from '../bytes/option-names.ts';
import { RecordpipeError } from '../errors.ts';
import { lineEnding, type TextLineEncodeOptions } from '../framing/textline-encode.ts';
import { MAX_RECORD_BYTES } from '../records/read-options.ts';
import { scanTextLines } from '../records/textline/read-textlines.ts';
import { openShards, type RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat } from './record-writer.ts';
import type { Appendable } from './target.ts';
import { TextLineFramer } from './textline-framer.ts';
import { type RecordWriteOptions, writeOptions } from './write-options.ts';

/** How a text file is written. Every field has a default; pass what differs. */
export interface TextLineWriteOptions extends RecordWriteOptions, TextLineEncodeOptions {}

/** How shards of text are cut and written. */
export type TextLineShardOptions = ShardOptions<TextLineWriteOptions>;

/** Lines of text, as writers see them. */
export const textLineWriting: WriteFormat<TextLineWriteOptions> = {
  name: 'textline',
  writeOptions: (given) => ({ ...writeOptions(given), ...lineEnding(given) }),
  framer: (options) => new TextLineFramer(lineEnding(options)),
  checkAppendable: checkEnded,
};

/**
 * Opens a text file for writing, a line for each record; by default it appears under its name, whole, when the writer is closed. The same contract as
 * `openTFRecordWriter`.
 *
 * @param path where to; `-` is standard output, which gets the bytes as they come
 * @throws RecordpipeError as `openTFRecordWriter`; `write` also `unrepresentable` for a payload that would not be read back as it is (see `encodeTextLine`)
 * @throws UsageError for an option value that no option has
 * @example
 * ```ts
 * import { openTextLineWriter } from 'recordpipe/files';
 * const writer = await openTextLineWriter('words.txt');
 * for (const word of ['one', 'two']) await writer.write(new TextEncoder().encode(word));
 * await writer.close();
 * ```
 */
export async function openTextLineWriter(
  path: string | URL,
  options?: Partial<TextLineWriteOptions>,
): Promise<RecordWriter> {
  checkOptionNames('openTextLineWriter', options, textLineWriting.writeOptions(undefined));
  return openWriter(textLineWriting, path, options);
}

/**
 * Opens a writer of shards of text, `PREFIX-00000-of-00012SUFFIX` and so on. The same contract as `openTFRecordShards`.
 *
 * @param prefix path and beginning of the name
 * @throws UsageError for an option value that no option has
 * @example
 * ```ts
 * import { openTextLineShards } from 'recordpipe/files';
 * const writer = openTextLineShards('words', { maxShardBytes: 8, suffix: '.txt' });
 * for (const word of ['one', 'two', 'six']) await writer.write(new TextEncoder().encode(word));
 * console.log((await writer.close()).length); // 2
 * ```
 */
export function openTextLineShards(
  prefix: string,
  options: Partial<TextLineShardOptions> = {},
): RecordShardWriter {
  checkOptionNames('openTextLineShards', options, shardNames(textLineWriting));
  return openShards(textLineWriting, prefix, options);
}

/** What an existing file holds, once it is known that its last line has an end: without one, the first new line would become part of it. */
async function checkEnded(path: string, { delimiter }: TextLineWriteOptions): Promise<Appendable> {
  const { compression, records, errors, warnings } = await scanTextLines(path, {
    delimiter,
    cr: 'keep',
    maxErrors: 1,
    maxRecordBytes: MAX_RECORD_BYTES,
  });
  if (errors.length > 0) throw errors[0];
  if (warnings > 0) {
    throw new RecordpipeError(
      'unsupported-source',
      'the last line of the file has no delimiter behind it: the first new line would become part of it; add one, or write a new file',
      { uri: path },
    );
  }
  return { compression, records };
}
