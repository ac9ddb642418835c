import { LONE_SURROGATE } from '../../bytes/wire/message-writer.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import type { ColumnField, ColumnMessage, ColumnPart, ColumnSchema, ColumnType } from './column-schema.ts';

/** What a schema may say about the columns of a part. */
interface PartRules {
  /** Types of the values. */
  readonly values: readonly string[];
  /** Fewest and most levels of lists around the values. */
  readonly lists: readonly [number, number];
  /** Messages that have the part. */
  readonly messages: readonly ColumnMessage[];
  /** Whether the part has a name. */
  readonly named: boolean;
}

const NUMBERS = ['int64', 'uint64', 'int32', 'float', 'float64'];
const BYTES = ['bytes', 'text'];
const EXAMPLES: readonly ColumnMessage[] = ['Example', 'SequenceExample'];
const RECORD: readonly ColumnMessage[] = ['Record'];
const TENSOR: PartRules = {
  values: ['float', 'float64', 'int32', ...BYTES],
  lists: [0, 1],
  messages: RECORD,
  named: true,
};
const PLACES: PartRules = { values: ['uint64'], lists: [0, 1], messages: RECORD, named: true };
const TEXT: PartRules = { values: ['text'], lists: [0, 0], messages: RECORD, named: false };

const RULES: { readonly [Part in ColumnPart]: PartRules } = {
  feature: { values: [...NUMBERS, ...BYTES], lists: [0, 1], messages: EXAMPLES, named: true },
  featureList: { values: [...NUMBERS, ...BYTES], lists: [2, 2], messages: ['SequenceExample'], named: true },
  unsetFeatures: { values: ['text'], lists: [1, 1], messages: [...EXAMPLES, 'Record'], named: false },
  featureValues: TENSOR,
  featureKeys: PLACES,
  featureShape: PLACES,
  featureContentType: { ...TEXT, named: true },
  labelValues: TENSOR,
  labelKeys: PLACES,
  labelShape: PLACES,
  labelContentType: { ...TEXT, named: true },
  uid: TEXT,
  metadata: TEXT,
  configuration: TEXT,
};

const MESSAGES: readonly unknown[] = ['Example', 'SequenceExample', 'Record'];
/** More levels of lists than any part has. */
const TOO_DEEP = 3;

/**
 * Checks that a value, such as the parsed JSON of a file's metadata, is a column schema by which
 * records can be restored, and returns it.
 *
 * @throws RecordpipeError `schema-mismatch` that names the field
 */
export function checkColumnSchema(value: unknown, place: ErrorPlace = {}): ColumnSchema {
  const fail = (problem: string): never => {
    throw new RecordpipeError('schema-mismatch', `column schema: ${problem}`, place);
  };
  if (!isObject(value)) return fail(`expected an object, got ${kindOf(value)}`);
  const { recordpipeColumns, message, fields } = value;
  if (recordpipeColumns !== 1)
    fail(`expected version 1 (recordpipeColumns), got ${kindOf(recordpipeColumns)}`);
  if (!MESSAGES.includes(message))
    fail(`expected a message (${MESSAGES.join(', ')}), got ${kindOf(message)}`);
  if (!Array.isArray(fields)) return fail(`expected an array of fields, got ${kindOf(fields)}`);
  const names = new Set<string>();
  const parts = new Map<string, ColumnField>();
  for (const [i, field] of fields.entries()) {
    const problem = problemOf(field, message as ColumnMessage, names, parts);
    if (problem !== undefined) fail(`field ${i}: ${problem}`);
  }
  for (const { name, part, of } of fields as readonly ColumnField[]) {
    const [list] = /Keys$|Shape$|ContentType$/.exec(part) ?? [];
    if (list === undefined) continue;
    const values = part.replace(list, 'Values');
    const owner = parts.get(identity(values, of));
    const expected = list === 'ContentType' ? 'bytes' : 'numbers';
    if (owner === undefined || BYTES.includes(depthOf(owner.type).values) !== (expected === 'bytes'))
      fail(
        `${JSON.stringify(name)}: expected a field of part ${values} with ${expected} of the same name (of)`,
      );
  }
  return value as unknown as ColumnSchema;
}

/** Returns what is wrong with a field, and adds its name and its part to those of other fields. */
function problemOf(
  field: unknown,
  message: ColumnMessage,
  names: Set<string>,
  parts: Map<string, ColumnField>,
): string | undefined {
  if (!isObject(field)) return `expected an object, got ${kindOf(field)}`;
  const { name, type, nullable, part, of } = field;
  if (typeof name !== 'string') return `expected a name, got ${kindOf(name)}`;
  const what = JSON.stringify(name);
  if (names.has(name)) return `the name ${what} is used twice`;
  names.add(name);
  if (typeof nullable !== 'boolean')
    return `${what}: expected nullable true or false, got ${kindOf(nullable)}`;
  if (typeof part !== 'string' || !Object.hasOwn(RULES, part))
    return `${what}: expected a part (${Object.keys(RULES).join(', ')}), got ${kindOf(part)}`;
  const rules = RULES[part as ColumnPart];
  if (!rules.messages.includes(message)) return `${what}: records of type ${message} have no part ${part}`;
  if (rules.named !== (typeof of === 'string') || (!rules.named && of !== undefined))
    return `${what}: expected ${rules.named ? `the name of the ${part} (of)` : 'no "of"'}, got ${kindOf(of)}`;
  if (typeof of === 'string' && LONE_SURROGATE.test(of))
    return `${what}: expected a name that UTF-8 can encode, got a lone surrogate in ${JSON.stringify(of)}`;
  const key = identity(part, of as string | undefined);
  if (parts.has(key))
    return `${what}: two fields contain the same part (${part}${of === undefined ? '' : ` of ${JSON.stringify(of)}`})`;
  parts.set(key, field as unknown as ColumnField);
  const { lists, values } = depthOf(type);
  const [min, max] = rules.lists;
  if (lists < min || lists > max || !rules.values.includes(values))
    return `${what}: expected ${expectedType(rules)} for the part ${part}, got ${typeText(lists, values)}`;
  return undefined;
}

/** Returns the number of levels of lists of a type, and the type of its values. */
export function depthOf(type: unknown): { readonly lists: number; readonly values: string } {
  let inner = type;
  let lists = 0;
  while (lists < TOO_DEEP && isObject(inner) && inner['type'] === 'list') {
    inner = inner['items'];
    lists++;
  }
  const values = isObject(inner) ? inner['type'] : inner;
  return { lists, values: typeof values === 'string' ? values : kindOf(values) };
}

/** Returns a type as text, for errors. */
export function typeName(type: ColumnType): string {
  const { lists, values } = depthOf(type);
  return typeText(lists, values);
}

function typeText(lists: number, values: string): string {
  return 'list of '.repeat(lists) + values;
}

function expectedType({ lists: [min, max], values }: PartRules): string {
  const one = values.join(', ');
  if (min === max) return typeText(min, one);
  return `${one}, or a list of values of one of these types`;
}

function identity(part: string, of: string | undefined): string {
  return of === undefined ? part : `${part} ${of}`;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
