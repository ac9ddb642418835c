import { compareBytes } from '../../bytes/wire/lengths.ts';
import { textBytes } from '../../bytes/wire/message-writer.ts';
import { EXAMPLE_KINDS } from '../example/encode-example.ts';
import { BYTES, RECORD, TENSOR, VALUE } from '../sagemaker/record.ts';
import { depthOf } from './check-column-schema.ts';
import type { ColumnField, ColumnPart, ColumnSchema } from './column-schema.ts';
import { MAP_ENTRY, MapPart, UnsetNames } from './encode-map.ts';
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
    if (field.part === 'unsetFeatures') unset = new UnsetNames(column);
    else if (field.part === 'feature')
      features.push(
        entry(MAP_ENTRY, field, new KindPart(tag, [new FieldPart(column, values, error)], error), error),
      );
    else lists.push(entry(MAP_ENTRY, field, new StepsPart(column, tag, values, error), error));
  }
  const context = new MapPart(FEATURES, inOrder(features), unset, errorOf('features'));
  if (message === 'Example') return [context];
  return [context, new MapPart(FEATURE_LISTS, inOrder(lists), undefined, errorOf('feature lists'))];
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
  const tensors = (part: ColumnPart, tag: number): RowPart[] => {
    const own = fields.filter((field) => field.part === part);
    return inOrder(own.map((field) => tensorEntry(tag, field, columns, errorOf(nameOf(field)))));
  };
  const texts = (['uid', 'metadata', 'configuration'] as const).flatMap((part) => {
    const column = columns.get(`${part} `);
    return column === undefined ? [] : [new TextPart(column, new BytesEncoder(RECORD[part]), errorOf(part))];
  });
  return [...tensors('featureValues', RECORD.features), ...tensors('labelValues', RECORD.label), ...texts];
}

function tensorEntry(
  tag: number,
  field: ColumnField,
  columns: ReadonlyMap<string, number>,
  error: RowError,
): EntryPart {
  const { part, of } = field;
  const kind = tensorKind(field);
  const fields = [new FieldPart(columns.get(`${part} ${of}`)!, kind.values, error)];
  for (const [list, suffix] of [
    ['keys', 'Keys'],
    ['shape', 'Shape'],
  ] as const) {
    const column = columns.get(`${part.replace('Values', suffix)} ${of}`);
    if (column !== undefined)
      fields.push(new FieldPart(column, new VarintEncoder(TENSOR[list], false), error));
  }
  const contentType = columns.get(`${part.replace('Values', 'ContentType')} ${of}`);
  if (contentType !== undefined)
    fields.push(new TextPart(contentType, new BytesEncoder(BYTES.contentType), error));
  return entry(tag, field, new KindPart(kind.tag, fields, error), error);
}

function tensorKind({ type }: ColumnField): { readonly tag: number; readonly values: ValueEncoder } {
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

/** Sorts entries of a map by the bytes of their names. */
function inOrder(entries: readonly EntryPart[]): EntryPart[] {
  return [...entries].sort((a, b) => compareBytes(a.name, b.name));
}
