import { RecordpipeError } from '../errors.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../messages/columns/column-schema.ts';

/** Columns of a file. */
export interface FileSchema {
  readonly uri: string;
  readonly schema: ColumnSchema;
  /** Names of the columns without any value. Their types do not matter. */
  readonly untyped: ReadonlySet<string>;
}

/**
 * Returns the columns of several files. A column that some file lacks is nullable.
 *
 * @param widen whether types may differ: a value and a list become lists, integers and floats become
 *   floats; only for formats whose values have no types of their own
 * @throws RecordpipeError `schema-mismatch` if a column has several types
 */
export function mergeSchemas(files: readonly FileSchema[], widen: boolean): ColumnSchema {
  const [{ schema: first }] = files;
  const fields = new Map<string, ColumnField>();
  const open = new Set<string>();
  for (const { uri, schema, untyped } of files) {
    if (schema.message !== first.message && !widen)
      throw new RecordpipeError('schema-mismatch', `expected ${first.message}s, got ${schema.message}s`, {
        uri,
      });
    for (const field of schema.fields) {
      const { name } = field;
      const known = fields.get(name);
      if (untyped.has(name)) {
        fields.set(name, { ...(known ?? field), nullable: true });
        if (known === undefined) open.add(name);
        continue;
      }
      const merged =
        known === undefined
          ? field
          : open.delete(name)
            ? { ...field, nullable: true }
            : mergedField(known, field, widen);
      if (merged === undefined) throw mismatch(field, known!, uri);
      fields.set(name, merged);
    }
  }
  const all = [...fields.values()].map((field) => {
    const everywhere = files.every(({ schema }) => schema.fields.some(({ name }) => name === field.name));
    return everywhere ? field : { ...field, nullable: true };
  });
  const isSequence = all.some(({ part }) => part === 'featureList');
  return { ...first, message: isSequence ? 'SequenceExample' : first.message, fields: all };
}

function mismatch(field: ColumnField, known: ColumnField, uri: string): RecordpipeError {
  const text = `column ${JSON.stringify(field.name)}: expected ${JSON.stringify(known.type)}, as in the first files, got ${JSON.stringify(field.type)}; convert the files separately, or pass a schema`;
  return new RecordpipeError('schema-mismatch', text, { uri });
}

function mergedField(a: ColumnField, b: ColumnField, widen: boolean): ColumnField | undefined {
  const nullable = a.nullable || b.nullable;
  if (isEqual(a.type, b.type) && a.part === b.part) return { ...a, nullable };
  const type = widen && a.part === b.part ? wider(a.type, b.type) : undefined;
  return type && { ...a, type, nullable };
}

function isEqual(a: ColumnType, b: ColumnType): boolean {
  if (a.type === 'list' && b.type === 'list') return isEqual(a.items, b.items);
  return a.type === b.type;
}

function wider(a: ColumnType, b: ColumnType): ColumnType | undefined {
  if (a.type === 'list' || b.type === 'list') {
    const items = wider(a.type === 'list' ? a.items : a, b.type === 'list' ? b.items : b);
    return items && { type: 'list', items };
  }
  if (a.type === b.type) return a;
  const isNumber = ({ type }: ColumnType): boolean => type === 'int64' || type === 'float';
  return isNumber(a) && isNumber(b) ? { type: 'float' } : undefined;
}
