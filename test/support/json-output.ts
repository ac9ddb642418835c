import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnySchemaObject } from 'ajv/dist/2020.js';
import type { JsonDocuments } from '../../src/cli/json-documents.ts';
import { misfits } from './json-schema.ts';

type DocumentName = keyof JsonDocuments;

const schemas = new Map<DocumentName, AnySchemaObject>();

/** Names of the documents that this process has validated. */
export const validated: Set<DocumentName> = new Set();

/** Returns the violations of the published schema of a document. A field that it does not describe is one. */
export function documentMisfits(name: DocumentName, value: unknown): string[] {
  validated.add(name);
  const wrong = misfits(value, schemaOf(name));
  return wrong.map((one) => `${name}: ${one}`);
}

/** Returns the schema of a document, closed: objects have no other fields. */
function schemaOf(name: DocumentName): AnySchemaObject {
  let schema = schemas.get(name);
  if (schema === undefined) {
    const path = fileURLToPath(new URL(`../../schema/output/${name}.json`, import.meta.url));
    schema = closed(JSON.parse(readFileSync(path, 'utf8'))) as AnySchemaObject;
    schemas.set(name, schema);
  }
  return schema;
}

function closed(rule: unknown): unknown {
  if (Array.isArray(rule)) return rule.map(closed);
  if (typeof rule !== 'object' || rule === null) return rule;
  const inner = Object.fromEntries(Object.entries(rule).map(([key, value]) => [key, closed(value)]));
  const isOpen = inner['type'] === 'object' && 'properties' in inner && !('additionalProperties' in inner);
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}

/** Commands whose `--json` prints one document, and the name of that document. */
const DOCUMENTS: Readonly<Record<string, DocumentName | undefined>> = {
  validate: 'validate',
  count: 'count',
  inspect: 'inspect',
  stats: 'stats',
  index: 'index',
  plan: 'plan',
  convert: 'convert',
  repair: 'repair',
  split: 'split',
  shuffle: 'shuffle',
  sample: 'sample',
  upload: 'upload',
  doctor: 'doctor',
  'cache ls': 'cache-ls',
  'cache rm': 'cache-rm',
  'manifest check': 'manifest-check',
  train: 'train-plan',
};

/** Commands whose `--jsonl`, or `--json` of a program, prints one document per line. */
const LINES: Readonly<Record<string, DocumentName | undefined>> = {
  validate: 'validate-line',
  count: 'count-line',
  inspect: 'inspect-line',
  index: 'index-line',
  upload: 'upload-line',
  'manifest check': 'manifest-check-line',
};

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws an error if the JSON output of a command does not match its published schema. */
export function checkJsonOutput(args: readonly string[], { stdout, stderr }: Output): void {
  const wrong = outputMisfits(args, stdout, stderr);
  if (wrong.length > 0)
    throw new Error(
      `the output of recordpipe ${args.join(' ')} does not match its schema (src/cli/json-documents.ts):\n${wrong.slice(0, 10).join('\n')}`,
    );
}

function outputMisfits(args: readonly string[], stdout: string, stderr: string): string[] {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const command = own[0] === 'cache' || own[0] === 'manifest' ? `${own[0]} ${own[1]}` : own[0];
  const wrong = jsonLines(stderr, '{"error":').flatMap((line) => documentMisfits('error-line', line));
  if (own.includes('--jsonl') && LINES[command] !== undefined)
    wrong.push(...jsonLines(stdout).flatMap((line) => documentMisfits(LINES[command]!, line)));
  if (!own.includes('--json')) return wrong;
  if (command === 'stream' || (command === 'train' && !own.includes('--dry-run'))) {
    const name = command === 'stream' ? 'stream-event' : 'train-event';
    const lines = [...jsonLines(stdout, '{"event":'), ...jsonLines(stderr, '{"event":')];
    return [...wrong, ...lines.flatMap((line) => documentMisfits(name, line))];
  }
  const document = parsed(stdout);
  if (document === undefined) return wrong;
  const name = command === 'merge' ? mergeDocument(document) : DOCUMENTS[command];
  return name === undefined ? wrong : [...wrong, ...documentMisfits(name, document)];
}

function mergeDocument(document: object): DocumentName {
  if ('recordpipe' in document) return 'total-report';
  return 'missing' in document ? 'missing-shards' : 'merge';
}

/** Parses the complete lines that start with a text. A command that was stopped may end within a line. */
function jsonLines(text: string, start = '{'): object[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(start))
    .flatMap((line) => parsed(line) ?? []);
}

function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
