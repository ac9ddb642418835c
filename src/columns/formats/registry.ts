import { splitCompressedName } from '../../formats/codec-options.ts';
import type { TableFormat, TableFormatName } from './table-format.ts';

/** File extensions of the table formats. The first one names outputs. */
export const TABLE_EXTENSIONS: Readonly<Record<TableFormatName, readonly string[]>> = {
  parquet: ['.parquet', '.pq'],
  arrow: ['.arrow', '.feather', '.ipc', '.arrows'],
  csv: ['.csv'],
  jsonl: ['.jsonl', '.ndjson'],
};

/** Reports whether a name is that of a table format. */
export function isTableFormat(name: string): name is TableFormatName {
  return Object.hasOwn(TABLE_EXTENSIONS, name);
}

/** Imports a format on first use. */
export async function tableFormat(name: TableFormatName): Promise<TableFormat> {
  switch (name) {
    case 'arrow':
      return (await import('./arrow.ts')).arrowFormat;
    case 'parquet':
      return (await import('./parquet.ts')).parquetFormat;
    case 'csv':
      return (await import('./csv-format.ts')).csvFormat;
    case 'jsonl':
      return (await import('./jsonl-format.ts')).jsonlFormat;
  }
}

/** Returns the table format that a file name indicates; undefined for other names. */
export function tableFormatOfName(path: string): TableFormatName | undefined {
  const { plain } = splitCompressedName(path.toLowerCase());
  const name = plain.replace(/-\d+-of-\d+$/, '');
  const formats = Object.entries(TABLE_EXTENSIONS) as [TableFormatName, readonly string[]][];
  return formats.find(([, extensions]) => extensions.some((extension) => name.endsWith(extension)))?.[0];
}
