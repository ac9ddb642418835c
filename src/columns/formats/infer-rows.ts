import { RecordpipeError } from '../../errors.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../messages/columns/column-schema.ts';
import { exactInteger, SPECIAL_FLOATS } from './column-builder.ts';
import type { TextRow, TextRowFormat } from './text-row.ts';

/** Kinds of values in one column. */
interface Facts {
  /** Number of rows that have the column. */
  rows: number;
  integers: boolean;
  floats: boolean;
  texts: boolean;
  /** Whether there are strings such as `NaN`, which may be floats. */
  specials: boolean;
  /** Maximum number of lists around a value. */
  depth: number;
  /** First row with a null in a list. */
  nullItem: TextRow | undefined;
  /** First problem, which matters only if the column is chosen. */
  problem: { readonly what: string; readonly row: TextRow } | undefined;
}

/**
 * Infers the columns of rows of text: integers are `int64`, numbers with a fraction or exponent are
 * 32-bit floats, and strings are text. Lists of lists are feature lists of SequenceExamples.
 *
 * @param limit number of rows to inspect
 * @param head names of columns that precede the rows; complete when the first row has been read
 * @throws RecordpipeError `schema-mismatch` for a column with several types or nested objects
 */
export async function inferRows(
  groups: AsyncIterable<readonly TextRow[]>,
  { guess, textWins }: Pick<TextRowFormat, 'guess' | 'textWins'>,
  isChosen: (name: string) => boolean,
  limit: number = Number.POSITIVE_INFINITY,
  uri: string | undefined,
  head: readonly string[],
): Promise<{ readonly schema: ColumnSchema; readonly untyped: ReadonlySet<string> }> {
  const columns = new Map<string, Facts>();
  let rows = 0;
  for await (const group of groups) {
    for (const row of group) {
      if (rows === limit) break;
      rows++;
      for (const name in row.values) {
        if (!isChosen(name)) continue;
        const facts = columns.get(name) ?? newFacts();
        if (facts.rows === 0) columns.set(name, facts);
        const value = guess(row.values[name]);
        if (value === null) continue;
        facts.rows++;
        note(value, 0, facts, row);
      }
    }
    if (rows === limit) break;
  }
  for (const name of head) if (isChosen(name) && !columns.has(name)) columns.set(name, newFacts());
  const fields = [...columns].map(([name, facts]) => fieldOf(name, facts, facts.rows < rows, textWins, uri));
  const untyped = [...columns].filter(([, facts]) => facts.rows === 0).map(([name]) => name);
  const message = fields.some(({ part }) => part === 'featureList') ? 'SequenceExample' : 'Example';
  // Rows after the first ones may lack any column.
  const isPart = Number.isFinite(limit);
  const known = isPart ? fields.map((field) => ({ ...field, nullable: true })) : fields;
  return { schema: { recordpipeColumns: 1, message, fields: known }, untyped: new Set(untyped) };
}

const NULL_ITEM = 'null in a list';

function newFacts(): Facts {
  return {
    rows: 0,
    integers: false,
    floats: false,
    texts: false,
    specials: false,
    depth: 0,
    nullItem: undefined,
    problem: undefined,
  };
}

function note(value: unknown, depth: number, facts: Facts, row: TextRow): void {
  if (depth > facts.depth) facts.depth = depth;
  if (typeof value === 'number' || typeof value === 'boolean') {
    // As an integer, -0.0 would lose its sign.
    if (typeof value === 'boolean' || (Number.isSafeInteger(value) && !Object.is(value, -0)))
      facts.integers = true;
    else facts.floats = true;
  } else if (typeof value === 'string') {
    if (SPECIAL_FLOATS.has(value)) facts.specials = true;
    else facts.texts = true;
  } else if (Array.isArray(value)) {
    if (depth === 2) facts.problem ??= { what: 'lists in lists in lists', row };
    else {
      for (const item of value) note(item, depth + 1, facts, row);
      if (depth + 1 > facts.depth) facts.depth = depth + 1;
    }
  } else if (value === null) {
    facts.nullItem ??= row;
    if (depth > 1) facts.problem ??= { what: NULL_ITEM, row };
  } else if (exactInteger(value) !== undefined) facts.integers = true;
  else facts.problem ??= { what: 'an object', row };
}

/** Returns the field of a column; text if no row has a value. */
function fieldOf(
  name: string,
  facts: Facts,
  nullable: boolean,
  textWins: boolean,
  uri: string | undefined,
): ColumnField {
  const { rows, integers, floats, texts, specials, depth, nullItem } = facts;
  // In a list of lists, null is a step without values.
  const problem = facts.problem ?? (nullItem && depth < 2 ? { what: NULL_ITEM, row: nullItem } : undefined);
  const fail = (what: string, place: object = {}): never => {
    throw new RecordpipeError('schema-mismatch', `feature ${JSON.stringify(name)}: ${what}`, {
      uri,
      ...place,
    });
  };
  if (problem !== undefined) {
    const { row, offset } = problem.row;
    fail(`an Example cannot contain ${problem.what}`, { record: row, offset });
  }
  if (rows === 0) return { name, type: { type: 'text' }, nullable: true, part: 'feature', of: name };
  const numbers = integers || floats;
  if (texts && numbers && !textWins)
    fail('expected values of one type, got numbers and strings; pass a schema');
  if (!texts && !numbers && !specials)
    fail('all lists are empty, so their type is unknown; pass a schema, or omit this column');
  const values: ColumnType =
    texts || (specials && !numbers) ? { type: 'text' } : { type: floats || specials ? 'float' : 'int64' };
  const type = Array.from({ length: depth }).reduce<ColumnType>((items) => ({ type: 'list', items }), values);
  return { name, type, nullable, part: depth === 2 ? 'featureList' : 'feature', of: name };
}
