import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { shortestFloat } from './formats/text-values.ts';
import type { QueryValue } from './query-types.ts';

type Fields = Readonly<Record<string, DuckDBValue>>;

/** Returns a value of DuckDB as a {@link QueryValue}. */
export function queryValue(value: DuckDBValue): QueryValue {
  if (value === null || typeof value !== 'object') return value ?? null;
  if ('bytes' in value) return value.bytes as Uint8Array;
  if ('items' in value) return (value.items as readonly DuckDBValue[]).map(queryValue);
  if ('entries' in value) {
    const { entries } = value;
    if (Array.isArray(entries))
      return entries.map((entry) => [queryValue(entry.key), queryValue(entry.value)]);
    return Object.fromEntries(
      Object.entries(entries as Fields).map(([name, one]) => [name, queryValue(one)]),
    );
  }
  if ('tag' in value) return queryValue(value.value as DuckDBValue);
  return String(value);
}

/** Writes a value as text. Nulls are handled by the caller. */
export type ValueText = (value: DuckDBValue) => string;

/** Type of a column, as far as the text of its values depends on it. */
type Typed = DuckDBType & {
  readonly valueType?: DuckDBType;
  readonly keyType?: DuckDBType;
  readonly entryNames?: readonly string[];
  readonly entryTypes?: readonly DuckDBType[];
};

/**
 * Returns a function that writes the values of a type in JSON: integers and decimals with all
 * digits, floats with the fewest digits that restore the same bits, bytes in base64, NaN and
 * infinities as strings, and maps as arrays of pairs.
 */
export function jsonText(type: DuckDBType, ids: TypeIds): ValueText {
  const inner = innerJson(type as Typed, ids);
  return (value) => (value === null || value === undefined ? 'null' : inner(value));
}

/** DuckDB's numbers of types, by name. */
export type TypeIds = Readonly<Record<string, number | string>>;

function innerJson(type: Typed, ids: TypeIds): ValueText {
  switch (type.typeId as number) {
    case ids['FLOAT']:
      return (value) =>
        floatJson(Number.isFinite(value) ? shortestFloat(value as number) : (value as number));
    case ids['DOUBLE']:
      return (value) => floatJson(value as number);
    case ids['DECIMAL']:
      return String;
    case ids['LIST']:
    case ids['ARRAY']: {
      const item = jsonText(type.valueType!, ids);
      return (value) => `[${(value as { items: DuckDBValue[] }).items.map(item).join()}]`;
    }
    case ids['STRUCT']: {
      const fields = type.entryNames!.map((name, i) => {
        return { name, key: `${JSON.stringify(name)}:`, text: jsonText(type.entryTypes![i], ids) };
      });
      return (value) => {
        const { entries } = value as { entries: Fields };
        return `{${fields.map(({ name, key, text }) => key + text(entries[name])).join()}}`;
      };
    }
    case ids['MAP']: {
      const [key, held] = [jsonText(type.keyType!, ids), jsonText(type.valueType!, ids)];
      return (value) => {
        const { entries } = value as { entries: { key: DuckDBValue; value: DuckDBValue }[] };
        return `[${entries.map((entry) => `[${key(entry.key)},${held(entry.value)}]`).join()}]`;
      };
    }
    default:
      return scalarJson;
  }
}

function scalarJson(value: DuckDBValue): string {
  const plain = queryValue(value);
  if (typeof plain === 'bigint' || typeof plain === 'number' || typeof plain === 'boolean')
    return String(plain);
  if (plain instanceof Uint8Array) return `"${base64(plain)}"`;
  return JSON.stringify(plain, (_, one) => (typeof one === 'bigint' ? String(one) : one));
}

function floatJson(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `"${value}"`;
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function base64({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64');
}

/**
 * Returns a function that writes the values of a type as plain text: texts as they are, and all
 * other values as in JSON, without quotes.
 */
export function plainText(type: DuckDBType, ids: TypeIds): ValueText {
  const json = jsonText(type, ids);
  return (value) => {
    if (typeof value === 'string') return value;
    const text = json(value);
    return text.startsWith('"') ? (JSON.parse(text) as string) : text;
  };
}
