/** A table of a statement that DuckDB would look up by its name. */
export interface TableReference {
  /** Name as written, without quotes. */
  readonly name: string;
  /** Whether the statement may use every column. */
  readonly all: boolean;
  /** Maximum number of rows that the statement uses; undefined if it may use all rows. */
  readonly rows: number | undefined;
}

/** What a SELECT statement refers to. */
export interface StatementUses {
  readonly tables: readonly TableReference[];
  /** Every identifier and string of the statement, in lower case. */
  readonly words: ReadonlySet<string>;
}

/** A node of the syntax tree, as DuckDB's `json_serialize_sql` writes it. */
type Node = { readonly [key: string]: unknown };

/**
 * Returns the tables of a SELECT statement and the words that may name their columns. Both may be
 * more than the statement uses, but never less.
 *
 * @param tree the syntax tree of the statement by DuckDB's `json_serialize_sql`
 */
export function statementUses(tree: unknown): StatementUses {
  const uses = new Uses();
  uses.visit(tree);
  const tables = uses.tables();
  const rows = tables.length === 1 ? maxRows(tree) : undefined;
  return { tables: tables.map((table) => ({ ...table, rows })), words: uses.words };
}

class Uses {
  readonly words = new Set<string>();
  readonly #tables = new Map<string, boolean>();
  /** Names of common table expressions, and references that consist of one name, in lower case. */
  readonly #expressions = new Set<string>();
  readonly #single = new Set<string>();
  readonly #aliases = new Map<string, string>();

  tables(): { name: string; all: boolean }[] {
    // A reference to a table itself is a struct of all columns.
    for (const [alias, name] of this.#aliases) if (this.#single.has(alias)) this.#tables.set(name, true);
    return [...this.#tables]
      .filter(([name]) => !this.#expressions.has(name.toLowerCase()))
      .map(([name, all]) => ({ name, all }));
  }

  /** Visits a part of the tree. Tables outside of plain FROM clauses may use all their columns. */
  visit(part: unknown): void {
    if (typeof part === 'string') this.words.add(part.toLowerCase());
    else if (Array.isArray(part)) for (const one of part) this.visit(one);
    else if (isNode(part)) this.#visitNode(part);
  }

  #visitNode(node: Node): void {
    if (node['type'] === 'BASE_TABLE') this.#addTable(node, true);
    if (node['class'] === 'COLUMN_REF') {
      const names = node['column_names'] as readonly string[];
      if (names.length === 1) this.#single.add(names[0].toLowerCase());
    }
    if (isNode(node['cte_map']))
      for (const { key } of (node['cte_map']['map'] ?? []) as { key: string }[])
        this.#expressions.add(key.toLowerCase());
    const { from_table: from, ...rest } = node;
    if (node['type'] === 'SELECT_NODE') this.#visitFrom(from, hasStar(Object.values(rest)));
    else this.visit(from);
    this.visit(Object.values(rest));
  }

  #visitFrom(from: unknown, all: boolean): void {
    if (!isNode(from)) return;
    if (from['type'] === 'BASE_TABLE') {
      this.#addTable(from, all);
      // Column aliases rename columns by their position.
      const isRenamed = Array.isArray(from['column_name_alias']);
      if (isRenamed) this.#addTable(from, true);
    } else if (from['type'] === 'JOIN') {
      const { left, right, ...rest } = from;
      const every = all || from['ref_type'] === 'NATURAL';
      this.#visitFrom(left, every);
      this.#visitFrom(right, every);
      this.visit(Object.values(rest));
    } else this.visit(from);
  }

  #addTable(node: Node, all: boolean): void {
    // A qualified name, such as schema.table, is never the name of a file.
    if (node['schema_name'] || node['catalog_name']) return;
    const name = String(node['table_name']);
    this.#tables.set(name, all || this.#tables.get(name) === true);
    this.#aliases.set(String(node['alias'] || name).toLowerCase(), name);
  }
}

/** Reports whether an expression outside of subqueries uses columns without naming them. */
function hasStar(part: unknown): boolean {
  if (Array.isArray(part)) return part.some(hasStar);
  if (!isNode(part) || part['class'] === 'SUBQUERY' || part['type'] === 'SELECT_NODE') return false;
  const { class: kind } = part;
  return kind === 'STAR' || kind === 'POSITIONAL_REFERENCE' || hasStar(Object.values(part));
}

/**
 * Returns the number of rows at the start of the table that the statement uses, if it only lists
 * columns up to a limit; 0 for DESCRIBE.
 */
function maxRows(tree: unknown): number | undefined {
  const select = isNode(tree) && isNode(tree['node']) ? tree['node'] : undefined;
  if (select === undefined || select['type'] !== 'SELECT_NODE') return undefined;
  const { type: _, modifiers, select_list: list, from_table: from, aggregate_handling: __, ...rest } = select;
  if (Object.keys(rest).length > 0 || !isNode(from) || !Array.isArray(list)) return undefined;
  if (from['type'] === 'SHOW_REF') return from['show_type'] === 'DESCRIBE' ? 0 : undefined;
  if (from['type'] !== 'BASE_TABLE' || from['sample'] !== undefined) return undefined;
  if (!list.every((one) => isNode(one) && PLAIN.has(String(one['class'])))) return undefined;
  if (!Array.isArray(modifiers) || modifiers.length !== 1 || modifiers[0].type !== 'LIMIT_MODIFIER')
    return undefined;
  const { limit, offset } = modifiers[0];
  const rows = integerOf(limit) + (offset === undefined ? 0 : integerOf(offset));
  return Number.isSafeInteger(rows) && rows >= 0 ? rows : undefined;
}

const PLAIN: ReadonlySet<string> = new Set(['STAR', 'COLUMN_REF', 'CONSTANT']);

function integerOf(expression: unknown): number {
  if (!isNode(expression) || expression['class'] !== 'CONSTANT' || !isNode(expression['value']))
    return Number.NaN;
  const { value } = expression['value'];
  return typeof value === 'number' ? value : Number.NaN;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
