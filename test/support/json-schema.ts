interface Rule {
  readonly $ref?: string;
  readonly $defs?: Record<string, Rule>;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Rule[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly required?: readonly string[];
  readonly properties?: Record<string, Rule>;
  readonly additionalProperties?: boolean | Rule;
  readonly items?: Rule;
}

const KNOWN =
  '$ref $defs $schema $id title description default type const enum anyOf pattern minimum required properties additionalProperties items'.split(
    ' ',
  );

/**
 * Validates `value` against a JSON Schema. Returns the violations. Supports few keywords.
 * @throws for an unsupported keyword
 */
export function misfits(value: unknown, rule: Rule, root: Rule = rule, place = '$'): string[] {
  const unknown = Object.keys(rule).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw new Error(`${place}: words that are not known here: ${unknown}`);
  if (rule.$ref !== undefined) {
    const name = /^#\/\$defs\/(\w+)$/.exec(rule.$ref)![1];
    return misfits(value, root.$defs![name], root, place);
  }
  const wrong: string[] = [];
  if (rule.type !== undefined && !isOf(value, rule.type)) return [`${place} is no ${rule.type}`];
  if ('const' in rule && rule.const !== value) wrong.push(`${place} is not ${rule.const}`);
  if (rule.enum !== undefined && !rule.enum.includes(value)) wrong.push(`${place} is none of ${rule.enum}`);
  if (rule.anyOf?.every((one) => misfits(value, one, root, place).length > 0))
    wrong.push(`${place} fits nothing`);
  if (rule.pattern !== undefined && !new RegExp(rule.pattern).test(value as string))
    wrong.push(`${place} is not of the pattern`);
  if (rule.minimum !== undefined && (value as number) < rule.minimum) wrong.push(`${place} is too small`);
  if (Array.isArray(value))
    value.forEach((one, i) => {
      if (rule.items !== undefined) wrong.push(...misfits(one, rule.items, root, `${place}[${i}]`));
    });
  else if (isOf(value, 'object')) wrong.push(...misfitsInside(value as object, rule, root, place));
  return wrong;
}

function misfitsInside(value: object, rule: Rule, root: Rule, place: string): string[] {
  const missing = (rule.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const wrong = missing.map((key) => `${place}.${key} is missing`);
  for (const [key, held] of Object.entries(value)) {
    const known = Object.hasOwn(rule.properties ?? {}, key)
      ? rule.properties![key]
      : rule.additionalProperties;
    if (known === false) wrong.push(`${place}.${key} is not known`);
    else if (typeof known === 'object') wrong.push(...misfits(held, known, root, `${place}.${key}`));
  }
  return wrong;
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
