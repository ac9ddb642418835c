import { pipeline, Readable } from 'node:stream';
import type { Info, Options, Parser } from 'csv-parse';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { placed } from '../../formats/corruption.ts';
import type { ColumnType } from '../../messages/columns/column-schema.ts';
import type { TableReadOptions, TableSource } from './table-format.ts';
import type { TextRow, TextRowFormat } from './text-row.ts';
import { utf8Chunks } from './utf8-chunks.ts';

/** Maximum size of a row. A missing quote would otherwise make the rest of the file one row. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;
const GROUP_ROWS = 1024;
const NEWLINE = 0x0a;
const INTEGER = /^[+-]?\d+$/;
/** An integer as `String` writes it. Other digits, such as those of a zip code, are text. */
const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Rows of cells, with the names of the columns in the first row (RFC 4180). */
export function csvText(parse: (options: Options) => Parser): TextRowFormat {
  return {
    rows: (source, options, onNames) => csvRows(parse, source, options, onNames),
    valueOf: (cell, type) => (typeof cell === 'string' ? cellValue(cell, type) : null),
    guess: (cell) => (typeof cell === 'string' ? guess(cell) : null),
    textWins: true,
  };
}

/** A cell in a row of csv-parse. An empty cell without quotes is null. */
type Cell = string | null;

async function* csvRows(
  parse: (options: Options) => Parser,
  source: TableSource,
  { onBadRow }: TableReadOptions,
  onNames: ((names: readonly string[]) => void) | undefined,
): AsyncIterable<readonly TextRow[]> {
  const { uri } = source;
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    // By default, all rows must end as the first one does, and a cell would contain other line ends.
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_ROW_BYTES,
    cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
  });
  const chunks = new ChunksUntilFailure(utf8Chunks(source.stream(), uri));
  pipeline(Readable.from(chunks), parser, () => {});
  let names: readonly string[] | undefined;
  let rows: TextRow[] = [];
  let row = 0;
  let end = 0;
  try {
    for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: Cell[] }>) {
      if (chunks.isCut(info.bytes)) break;
      const bytes = info.bytes - end;
      end = info.bytes;
      const isBlank = record.length === 1 && record[0] === null;
      if (names === undefined) {
        if (isBlank) continue;
        names = namesOf(record, uri);
        onNames?.(names);
        continue;
      }
      if (isBlank && names.length > 1) continue;
      const found = { row: row++, offset: undefined, bytes };
      if (record.length === names.length) rows.push({ ...found, values: rowOf(names, record) });
      else {
        const text = `expected ${cells(names.length)}, got ${record.length} (line ${info.lines})`;
        const error = new RecordpipeError('malformed-table', text, { uri, record: found.row });
        if (onBadRow === undefined) {
          yield rows;
          throw error;
        }
        onBadRow(error);
      }
      if (rows.length < GROUP_ROWS) continue;
      yield rows;
      rows = [];
    }
    yield rows;
  } catch (error) {
    if (!isCsvError(error)) throw error;
    yield rows;
    // After an error of the source, its last quote may be open.
    if (chunks.failure === undefined)
      throw new RecordpipeError('malformed-table', `not CSV: ${error.message}`, { uri, record: row }, error);
  } finally {
    parser.destroy();
  }
  const { failure } = chunks;
  if (failure === undefined) return;
  const { error } = failure;
  // A byte that is not UTF-8 has its own place.
  const hasPlace = isRecordpipeError(error) && error.offset !== undefined;
  throw hasPlace ? error : placed(error, { uri, record: row, offset: end });
}

/** Chunks of text that end at an error of their source, so that the rows before it can be parsed. */
class ChunksUntilFailure {
  failure: { readonly error: unknown } | undefined;
  readonly #chunks: AsyncIterable<Uint8Array>;
  #bytes = 0;
  #last = -1;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#chunks) {
        this.#bytes += chunk.length;
        this.#last = chunk.at(-1) ?? this.#last;
        yield chunk;
      }
    } catch (error) {
      this.failure = { error };
    }
  }

  /** Reports whether the error of the source truncated the row that ends at `end`. */
  isCut(end: number): boolean {
    return this.failure !== undefined && end >= this.#bytes && this.#last !== NEWLINE;
  }
}

function cells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`;
}

function isCsvError(error: unknown): error is Error {
  const { code } = error as { code?: unknown };
  return error instanceof Error && /^(?:CSV_|INVALID_OPENING_QUOTE$)/.test(String(code));
}

function namesOf(cells: readonly Cell[], uri: string | undefined): readonly string[] {
  const names = cells.map((cell) => cell ?? '');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  const text = `the first row has two columns with the name ${JSON.stringify(twice)}; rename one of the columns`;
  throw new RecordpipeError('malformed-table', text, { uri });
}

function rowOf(names: readonly string[], cells: readonly Cell[]): Record<string, Cell> {
  const values: Record<string, Cell> = Object.create(null);
  for (const [i, name] of names.entries()) values[name] = cells[i];
  return values;
}

/** Returns the JSON value of a cell for a type. A cell that is not a number stays text. */
function cellValue(cell: string, type: ColumnType): unknown {
  switch (type.type) {
    case 'int64':
    case 'uint64':
    case 'int32':
      return INTEGER.test(cell) ? integerOf(cell) : cell;
    case 'float':
    case 'float64':
      if (INTEGER.test(cell)) return integerOf(cell);
      return NUMBER.test(cell) ? nearest(Number(cell), type.type) : cell;
    default:
      return cell;
  }
}

/** Returns a number that is not written as an integer as the nearest float, unless it is too large. */
function nearest(number: number, type: 'float' | 'float64'): number {
  const float = type === 'float' ? Math.fround(number) : number;
  return Number.isFinite(float) ? float : number;
}

/** The value of any cell with a fraction or exponent, for example `1.0`, which `Number` would make an integer. */
const SOME_FLOAT = 0.5;

function guess(cell: string): unknown {
  if (PLAIN_INTEGER.test(cell)) {
    const value = integerOf(cell);
    return typeof value === 'number' || BigInt.asIntN(64, value) === value ? value : cell;
  }
  return NUMBER.test(cell) && !INTEGER.test(cell) ? SOME_FLOAT : cell;
}

function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
