import { readdirSync, readFileSync } from 'node:fs';

const SCHEMAS = new URL('../../schema/output/', import.meta.url);

/** Returns the reference of the JSON documents, from their committed schemas: `json.md`. */
export function jsonPages() {
  const names = readdirSync(SCHEMAS).sort();
  const schemas = names.map((name) => JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8')));
  const sections = schemas.map((schema) => section(`## ${nameOf(schema)}`, schema));
  const types = [...typesOf(schemas)].filter(([name]) => name !== 'ErrorCode').sort();
  const typeSections = types.map(([name, rule]) => section(`### ${name}`, rule));
  const text = [HEAD, overview(schemas), ...sections, '## Types', ...typeSections].join('\n\n');
  return new Map([['json.md', `${text}\n`]]);
}

const HEAD = `# JSON output

\`--json\` prints one JSON document, and \`--jsonl\` prints one JSON object per line. The package
contains a JSON Schema (draft 2020-12) for every document, in the folder \`schema/output/\`. New releases
may add fields but never rename or remove them, so ignore any fields that you do not recognize. A field
without a value is omitted, unless the type of the field includes \`null\`. The descriptions use the option names of the
library: for example, \`failOnEmpty\` is \`--fail-on-empty\` on the command line.
[Error codes](errors.md) lists the values of \`code\` in errors. The codes of warnings and notices are in the
tables below: see [FileWarning](#filewarning) and [InputNotice](#inputnotice).

To validate a document, use any JSON Schema validator. This program uses the \`ajv\` package:

\`\`\`js
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const validate = new Ajv2020().compile(json('node_modules/recordpipe/schema/output/validate.json'));
console.log(validate(json('report.json'))); // true
\`\`\`

\`recordpipe query --json\` prints the rows of the result as objects with one field per column.
\`recordpipe schema --json\` prints a record schema, whose format is described by
[a JSON Schema](../../schema/recordpipe-schema.json). The format of \`recordpipe.config.json\` is also
described by [a JSON Schema](../../schema/recordpipe-config.json).`;

function nameOf({ title }) {
  return title.replace('recordpipe ', '');
}

function overview(schemas) {
  const rows = schemas.map((schema) => {
    const name = nameOf(schema);
    return `| [${name}](#${name}) | ${cell(schema.description)} | [schema](../../schema/output/${name}.json) |`;
  });
  return ['| document | description | schema |', '|---|---|---|', ...rows].join('\n');
}

/** Returns all named types. A name has one meaning in all documents. */
function typesOf(schemas) {
  const types = new Map();
  for (const { title, $defs = {} } of schemas)
    for (const [name, rule] of Object.entries($defs)) {
      if (types.has(name) && JSON.stringify(types.get(name)) !== JSON.stringify(rule))
        throw new Error(`${title}: the type ${name} differs from that of another document`);
      types.set(name, rule);
    }
  return types;
}

function section(heading, rule) {
  const parts = [heading];
  if (rule.description !== undefined) parts.push(rule.description);
  if (rule.properties === undefined) parts.push(`Type: ${typeText(rule)}`);
  else parts.push(fields(rule));
  return parts.join('\n\n');
}

function fields({ properties, required = [], additionalProperties }) {
  const rows = Object.entries(properties).map(([name, rule]) => {
    const label = required.includes(name) ? `\`${name}\`` : `\`${name}\` (optional)`;
    return `| ${label} | ${cell(typeText(rule))} | ${cell(rule.description ?? '')} |`;
  });
  if (additionalProperties !== undefined)
    rows.push(`| any other | ${cell(typeText(additionalProperties))} | |`);
  return ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Describes the type of a rule in Markdown. */
function typeText(rule) {
  if (rule.$ref !== undefined) return link(rule.$ref.replace('#/$defs/', ''));
  if ('const' in rule) return `\`${JSON.stringify(rule.const)}\``;
  if (rule.enum !== undefined) return rule.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' | ');
  if (rule.anyOf !== undefined) return rule.anyOf.map(typeText).join(' | ');
  if (rule.prefixItems !== undefined) return `[${rule.prefixItems.map(typeText).join(', ')}]`;
  if (rule.type === 'array')
    return `list of ${rule.items.anyOf || rule.items.enum ? `(${typeText(rule.items)})` : typeText(rule.items)}`;
  if (rule.type === 'object') return objectText(rule);
  return rule.type ?? 'any';
}

function objectText({ properties, required = [], additionalProperties }) {
  if (properties === undefined)
    return additionalProperties === undefined ? 'object' : `object of ${typeText(additionalProperties)}`;
  const members = Object.entries(properties).map(
    ([name, rule]) => `\`${name}\`${required.includes(name) ? '' : '?'}: ${typeText(rule)}`,
  );
  return `{ ${members.join(', ')} }`;
}

function link(name) {
  return name === 'ErrorCode' ? '[error code](errors.md)' : `[${name}](#${name.toLowerCase()})`;
}

/** Escapes text for a cell of a table. */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', '<br>');
}
