import { RecordpipeError } from '../../errors.ts';
import type { ColumnMessage, ColumnPart, ColumnSchema } from './column-schema.ts';

/** Rules for the columns of a part of a record. */
interface PartRule {
  readonly messages: readonly ColumnMessage[];
  /** Whether the part has a name. */
  readonly named: boolean;
  /** Allowed types of values. */
  readonly values: readonly string[];
  /** Minimum and maximum number of lists around the values. */
  readonly depth: readonly [min: number, max: number];
}

const EXAMPLES: readonly ColumnMessage[] = ['Example', 'SequenceExample'];
const RECORD: readonly ColumnMessage[] = ['Record'];
const FEATURE_VALUES = ['int64', 'float', 'bytes', 'text'];
const TENSOR: PartRule = {
  messages: RECORD,
  named: true,
  values: ['float', 'float64', 'int32', 'bytes', 'text'],
  depth: [0, 1],
};
const PLACES: PartRule = { ...TENSOR, values: ['uint64'] };
const NAMED_TEXT: PartRule = { ...TENSOR, values: ['text'], depth: [0, 0] };
const TEXT: PartRule = { ...NAMED_TEXT, named: false };

const PARTS: { readonly [part in ColumnPart]: PartRule } = {
  feature: { messages: EXAMPLES, named: true, values: FEATURE_VALUES, depth: [0, 1] },
  featureList: { messages: ['SequenceExample'], named: true, values: FEATURE_VALUES, depth: [2, 2] },
  unsetFeatures: { messages: [...EXAMPLES, 'Record'], named: false, values: ['text'], depth: [1, 1] },
  featureValues: TENSOR,
  featureKeys: PLACES,
  featureShape: PLACES,
  featureContentType: NAMED_TEXT,
  labelValues: TENSOR,
  labelKeys: PLACES,
  labelShape: PLACES,
  labelContentType: NAMED_TEXT,
  uid: TEXT,
  metadata: TEXT,
  configuration: TEXT,
};

/**
 * Reads a column schema from JSON text or from a parsed document, and checks every part of it.
 *
 * @param place source of the document, for errors
 * @throws RecordpipeError `schema-mismatch` with the expected value
 * @example
 * ```ts
 * import { readColumnSchema } from 'recordpipe/columns';
 * console.log(readColumnSchema('{"recordpipeColumns":1,"message":"Example","fields":[]}').fields.length); // 0
 * ```
 */
export function readColumnSchema(document: unknown, place: { readonly uri?: string } = {}): ColumnSchema {
  const fail = (what: string, expected: string, got: unknown): never => {
    const found = JSON.stringify(got)?.slice(0, 100) ?? String(got);
    throw new RecordpipeError(
      'schema-mismatch',
      `columns: ${what}: expected ${expected}, got ${found}`,
      place,
    );
  };
  let value = document;
  if (typeof document === 'string') {
    try {
      value = JSON.parse(document.replace(/^\ufeff/, ''));
    } catch {
      fail('schema', 'JSON', document);
    }
  }
  if (!isObject(value)) return fail('schema', 'an object', value);
  const { recordpipeColumns, message, fields } = value;
  if (recordpipeColumns !== 1) fail('recordpipeColumns', '1', recordpipeColumns);
  if (!Object.values(PARTS).some(({ messages }) => (messages as unknown[]).includes(message)))
    fail('message', 'Example, SequenceExample or Record', message);
  if (!Array.isArray(fields)) return fail('fields', 'an array', fields);
  const names = new Set<unknown>();
  const parts = new Set<string>();
  for (const [i, field] of (fields as unknown[]).entries()) {
    if (!isObject(field)) return fail(`fields[${i}]`, 'an object', field);
    const { name, type, nullable, part, of } = field;
    if (typeof name !== 'string' || names.has(name)) fail(`fields[${i}].name`, 'a text that is unique', name);
    names.add(name);
    const what = `column ${JSON.stringify(name)}`;
    if (typeof nullable !== 'boolean') fail(`${what}: nullable`, 'true or false', nullable);
    const rule = Object.hasOwn(PARTS, String(part)) ? PARTS[part as ColumnPart] : undefined;
    if (rule === undefined || !rule.messages.includes(message as ColumnMessage))
      return fail(`${what}: part`, `a part of a ${String(message)}`, part);
    if (rule.named ? typeof of !== 'string' : of !== undefined)
      fail(`${what}: of`, rule.named ? 'a name' : 'no name', of);
    const { depth, values } = valuesOf(type);
    const [min, max] = rule.depth;
    if (!rule.values.includes(values) || depth < min || depth > max) {
      const lists = min === max ? `in ${min}` : `in ${min} to ${max}`;
      fail(`${what}: type`, `values of type ${rule.values.join(', ')} ${lists} lists`, type);
    }
    const key = JSON.stringify([part, of]);
    if (parts.has(key)) fail(what, `one column for each part of a record`, key);
    parts.add(key);
  }
  return value as unknown as ColumnSchema;
}

/** Returns the type of the values in lists; an empty text for any other value. */
function valuesOf(type: unknown): { depth: number; values: string } {
  let inner = type;
  // Two lists are the most that any part has.
  for (let depth = 0; depth < 3; depth++) {
    if (!isObject(inner) || typeof inner['type'] !== 'string') break;
    if (inner['type'] !== 'list') return { depth, values: inner['type'] };
    inner = inner['items'];
  }
  return { depth: -1, values: '' };
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
