import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openQuery } from '../../src/columns/index.ts';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const text = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
  language,
  code,
}));

const clicks = Array.from({ length: 40 }, (_, i) =>
  encodeExample({
    user_id: { kind: 'int64', value: [i % 5] },
    label: { kind: 'int64', value: [i % 2] },
    price: { kind: 'float', value: [i / 4] },
    'image/bytes': { kind: 'bytes', value: [Uint8Array.of(0xff, i, 0)] },
    ...(i % 4 > 1
      ? { tags: { kind: 'bytes' as const, value: i % 4 === 3 ? ['sale', 'new'] : ['sale'] } }
      : {}),
  }),
);
mkdirSync(temp.file('clicks'));
for (const [i, part] of [clicks.slice(0, 25), clicks.slice(25)].entries())
  writeFileSync(
    join(temp.path, `clicks/part-${i}.tfrecord`),
    Buffer.concat(part.map((record) => encodeTFRecord(record))),
  );
writeFileSync(temp.file('users.csv'), 'user_id,name\n1,Ada\n3,Bob\n');

/** Returns the words of a command line with words in double quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('\\"', '"'),
  );
}

test('the commands of the page print what it says', async () => {
  let commands = 0;
  for (const [i, { language, code }] of blocks.entries()) {
    if (language !== 'sh') continue;
    let stdout = '';
    for (const command of code.trimEnd().split('\n')) {
      const [program, ...words] = wordsOf(command);
      const run = await cli(words, { cwd: temp.path });
      expect({ program, command, code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({
        program: 'recordpipe',
        command,
        code: 0,
        stderr: '',
      });
      stdout = run.stdout;
      commands++;
    }
    const next = blocks[i + 1];
    if (next?.language === 'text') expect(stdout).toBe(next.code);
  }
  expect(commands).toBeGreaterThan(8);
});

test('the SQL statements of the page run over Parquet', async () => {
  const folder = process.cwd();
  process.chdir(temp.path);
  try {
    const [{ code }] = blocks.filter(({ language }) => language === 'sql');
    const statements = code.split(/;\n/).filter((statement) => statement.trim() !== '');
    expect(statements).toHaveLength(4);
    const rows: number[] = [];
    for (const statement of statements) {
      const query = await openQuery(statement);
      let count = 0;
      for await (const _ of query) count++;
      query.close();
      rows.push(count);
    }
    expect(rows).toEqual([5, 0, 1, 5]);
  } finally {
    process.chdir(folder);
  }
});

test('the program of the page prints what it says', async () => {
  const [{ code }] = blocks.filter(({ language }) => language === 'ts');
  const [, expected] = /\/\/ (.*)$/m.exec(code)!;
  const folder = process.cwd();
  process.chdir(temp.path);
  try {
    const [, statement] = /openQuery\("(.*)"\)/.exec(code)!;
    const query = await openQuery(statement);
    for await (const [user, price] of query) expect(`${String(user)}n ${String(price)}`).toBe(expected);
    query.close();
  } finally {
    process.chdir(folder);
  }
});
