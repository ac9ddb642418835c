import { textBytes } from '../../bytes/wire/message-writer.ts';
import { EXAMPLE_KINDS } from '../example/encode-example.ts';
import { BYTES, RECORD, TENSOR, VALUE } from '../sagemaker/record.ts';
import { depthOf } from './check-column-schema.ts';
import type { ColumnField, ColumnPart, ColumnSchema } from './column-schema.ts';
import { MapPart, OptionalPart, UnsetNames } from './encode-map.ts';
import {
  EntryPart,
  FieldPart,
  KindPart,
  type RowError,
  type RowPart,
  StepsPart,
  TextPart,
} from './encode-parts.ts';
import { BytesEncoder, FloatEncoder, type ValueEncoder, VarintEncoder } from './encode-values.ts';

/** Returns the error of a part with this name for a row. */
type ErrorOf = (what: string) => RowError;

const LIST_VALUES = 0x0a;
const FEATURES = 0x0a;
const FEATURE_LISTS = 0x12;
const ENTRY = 0x0a;
/** Beginnings of the names of features and labels of a Record that have no kind. */
const MAPS = ['features/', 'label/'];

/** Returns the parts of a record, in the order in which they are written. */
export function messageParts(schema: ColumnSchema, errorOf: ErrorOf): RowPart[] {
  return schema.message === 'Record' ? recordParts(schema, errorOf) : exampleParts(schema, errorOf);
}

function exampleParts({ message, fields }: ColumnSchema, errorOf: ErrorOf): RowPart[] {
  const features: EntryPart[] = [];
  const lists: EntryPart[] = [];
  let unset: UnsetNames | undefined;
  for (const [column, field] of fields.entries()) {
    const { tag, values } = featureKind(field);
    const error = errorOf(nameOf(field));
    if (field.part === 'unsetFeatures') unset = new UnsetNames(column, ENTRY);
    else if (field.part === 'feature')
      features.push(
        entry(ENTRY, field, new KindPart(tag, [new FieldPart(column, values, error)], error), error),
      );
    else lists.push(entry(ENTRY, field, new StepsPart(column, tag, values, error), error));
  }
  const map = (
    tag: number,
    entries: readonly EntryPart[],
    names: UnsetNames | undefined,
    what: string,
  ): RowPart => new OptionalPart(tag, new MapPart(entries, names, errorOf(what)), errorOf(what));
  const context = map(FEATURES, features, unset, 'features');
  return message === 'Example' ? [context] : [context, map(FEATURE_LISTS, lists, undefined, 'feature lists')];
}

function featureKind({ type }: ColumnField): { readonly tag: number; readonly values: ValueEncoder } {
  switch (depthOf(type).values) {
    case 'float':
    case 'float64':
      return { tag: EXAMPLE_KINDS.float, values: new FloatEncoder(LIST_VALUES, false) };
    case 'bytes':
    case 'text':
      return { tag: EXAMPLE_KINDS.bytes, values: new BytesEncoder(LIST_VALUES) };
    default:
      return { tag: EXAMPLE_KINDS.int64, values: new VarintEncoder(LIST_VALUES, true) };
  }
}

function recordParts({ fields }: ColumnSchema, errorOf: ErrorOf): RowPart[] {
  const columns = new Map(fields.map(({ part, of }, column) => [`${part} ${of ?? ''}`, column]));
  const unset = columns.get('unsetFeatures ');
  const map = (part: ColumnPart, tag: number, name: string): RowPart => {
    const own = fields.filter((field) => field.part === part);
    const entries = own.map((field) => valueEntry(tag, field, columns, errorOf(nameOf(field))));
    const names = unset === undefined ? undefined : new UnsetNames(unset, tag, name, MAPS);
    return new MapPart(entries, names, errorOf(name.slice(0, -1)));
  };
  const texts = (['uid', 'metadata', 'configuration'] as const).flatMap((part) => {
    const column = columns.get(`${part} `);
    return column === undefined ? [] : [new TextPart(column, new BytesEncoder(RECORD[part]), errorOf(part))];
  });
  return [
    map('featureValues', RECORD.features, MAPS[0]),
    map('labelValues', RECORD.label, MAPS[1]),
    ...texts,
  ];
}

/** Returns the entry of a feature or label, from the columns of its values and of its other lists. */
function valueEntry(
  tag: number,
  field: ColumnField,
  columns: ReadonlyMap<string, number>,
  error: RowError,
): EntryPart {
  const { part, of } = field;
  const kind = valueKind(field);
  const columnOf = (suffix: string): number | undefined =>
    columns.get(`${part.replace('Values', suffix)} ${of}`);
  const parts = [new FieldPart(columnOf('Values')!, kind.values, error)];
  const keys = columnOf('Keys');
  if (keys !== undefined) parts.push(new FieldPart(keys, new VarintEncoder(TENSOR.keys, false), error));
  const shape = columnOf('Shape');
  if (shape !== undefined) parts.push(new FieldPart(shape, new VarintEncoder(TENSOR.shape, false), error));
  const contentType = columnOf('ContentType');
  if (contentType !== undefined)
    parts.push(new TextPart(contentType, new BytesEncoder(BYTES.contentType), error));
  return entry(tag, field, new KindPart(kind.tag, parts, error), error);
}

function valueKind({ type }: ColumnField): { readonly tag: number; readonly values: ValueEncoder } {
  switch (depthOf(type).values) {
    case 'float':
      return { tag: VALUE.float32, values: new FloatEncoder(TENSOR.values, false) };
    case 'float64':
      return { tag: VALUE.float64, values: new FloatEncoder(TENSOR.values, true) };
    case 'int32':
      return { tag: VALUE.int32, values: new VarintEncoder(TENSOR.values, true) };
    default:
      return { tag: VALUE.bytes, values: new BytesEncoder(BYTES.value) };
  }
}

function entry(tag: number, { of = '' }: ColumnField, value: RowPart, error: RowError): EntryPart {
  return new EntryPart(tag, textBytes('name', of), value, error);
}

function nameOf({ part, of = '' }: ColumnField): string {
  const what = part === 'featureList' ? 'feature list' : part.startsWith('label') ? 'label' : 'feature';
  return `${what} ${JSON.stringify(of)}`;
}
