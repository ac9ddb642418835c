import { JSONL_TEXT } from './jsonl-rows.ts';
import { JSONL_ROWS } from './jsonl-writer.ts';
import type { TableFormat } from './table-format.ts';
import { openTextReader } from './text-rows.ts';
import { TextWriter } from './text-writer.ts';

/** JSON Lines: one JSON object per record, with the features by name. */
export const jsonlFormat: TableFormat = {
  name: 'jsonl',
  extensions: ['.jsonl', '.ndjson'],
  openWriter: async (_, write, options) => new TextWriter(JSONL_ROWS, write, options),
  openReader: (source, options) => openTextReader(JSONL_TEXT, source, options),
};
