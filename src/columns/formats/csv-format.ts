import { csvText } from './csv-rows.ts';
import { csvRows } from './csv-writer.ts';
import { optionalPackage } from './optional-package.ts';
import type { TableFormat } from './table-format.ts';
import { openTextReader } from './text-rows.ts';
import { TextWriter } from './text-writer.ts';

/** CSV with the names of the columns in the first row. */
export const csvFormat: TableFormat = {
  name: 'csv',
  extensions: ['.csv'],
  openWriter: async (schema, write, options) => {
    const { lossy = false, onLoss } = options;
    if (lossy) {
      for (const { name, type } of schema.fields)
        if (type.type === 'list') onLoss?.({ column: name, row: undefined, what: 'lists' });
    }
    return new TextWriter(csvRows(schema, lossy), write, options);
  },
  openReader: async (source, options) => {
    const { parse } = await optionalPackage('CSV files need', ['csv-parse'], () => import('csv-parse'));
    return openTextReader(csvText(parse), source, options);
  },
};
