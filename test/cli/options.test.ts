import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fail } from '../../src/cli/fail.ts';
import { program } from '../../src/cli/program.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

vi.mock('../../src/cli/output.ts', async (importActual) => ({
  ...(await importActual<object>()),
  print: async () => {},
  say: async () => {},
  complain: () => {},
}));

const temp = tempDir();
const data = temp.file('data.tfrecord', FILE);
temp.file('other.tfrecord', FILE);
const out = (name: string): string => temp.file(`out-${name}`);

/** Runs of each command that together use every declared option. */
const RUNS: readonly (readonly [command: string, ...runs: (readonly string[])[]])[] = [
  ['validate', [data], [data, '--shard', '0/1', '-q']],
  ['count', [data]],
  ['inspect', [data]],
  ['stats', [data], [data, '--html', out('page.html'), '-q'], [data, '--shard', '0/1', '-q']],
  ['schema', [data], ['--json-schema']],
  ['cat', [data]],
  ['index', [data, '-o', out('a.rpidx')], [data, '--shard', '0/1', '-q']],
  ['plan', [data, '-o', out('plan.jsonl'), '--json']],
  [
    'stream',
    ['-c', `train=${temp.path}`, '--root', out('ml'), '--dir', out('pipes'), '--reader-timeout', '1ms'],
    ['-c', `train=${temp.path}`, '--root', out('ml'), '--', 'true'],
  ],
  ['train', ['-c', `train=${data}`, '--root', out('job'), '--', 'true']],
  [
    'convert',
    [data, out('a.rec')],
    [data, out('b.rec'), '--keep-going'],
    [temp.path, '--output-dir', out('converted'), '--to', 'recordio', '--exclude', 'out-*'],
    [data, '--output-dir', out('shard'), '--to', 'base64', '--shard', '0/1'],
  ],
  ['query', ['select 1 as a', '-o', out('query.parquet')]],
  ['repair', [data, out('repaired.tfrecord')], [data, '--output-dir', out('repaired'), '-q']],
  ['split', [data, out('split'), '--shards', '2'], [data, out('parts'), '--weights', 'a=1']],
  [
    'merge',
    [data, '-o', out('merged.tfrecord')],
    [out('reports'), '-o', out('total.json'), '--html', out('total.html')],
  ],
  ['shuffle', [data, out('shuffled.tfrecord')]],
  ['sample', [data, out('sampled.tfrecord'), '-n', '1']],
  [
    'upload',
    [data, 's3://bucket/', '--dry-run', '--endpoint-url', 'http://127.0.0.1:9', '--retry-timeout', '1ms'],
  ],
  ['doctor', [data]],
  ['completion', ['bash']],
  ['cache ls', [out('cache')]],
  ['cache rm', [out('cache')]],
  ['manifest check', [temp.file('a.manifest', Buffer.from('[]'))]],
  ['manifest create', ['s3://bucket/x/', '--endpoint-url', 'http://127.0.0.1:9', '--retry-timeout', '1ms']],
];

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function leavesOf(root: Command): Map<string, Command> {
  const leaves = withSubcommands(root).filter(({ commands }) => commands.length === 0);
  return new Map(
    leaves.map((leaf) => [
      leaf.parent === root ? leaf.name() : `${leaf.parent!.name()} ${leaf.name()}`,
      leaf,
    ]),
  );
}

/** Runs a command line and returns the options that its action reads. */
async function optionsRead(name: string, args: readonly string[]): Promise<Set<string>> {
  const root = program(name.split(' ')[0]);
  const command = leavesOf(root).get(name)!;
  const read = new Set<string>();
  const values = command.opts.bind(command);
  command.opts = <T>() =>
    new Proxy(values() as object, {
      get: (target, key) => {
        read.add(String(key));
        return Reflect.get(target, key);
      },
      ownKeys: () => {
        throw new Error(`${name}: reads all options at once`);
      },
    }) as T;
  await root.parseAsync([...name.split(' '), ...args], { from: 'user' }).catch(fail);
  return read;
}

describe('a command declares no option that it ignores', () => {
  const { exitCode } = process;
  const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
  const before = { ...process.env };
  const write = process.stderr.write.bind(process.stderr);
  beforeAll(async () => {
    Object.assign(process.env, env);
    process.stderr.write = () => true;
    await optionsRead('stats', [data, '--shard', '0/1', '--report', `${out('reports')}/`, '-q']);
  });
  afterAll(() => {
    process.exitCode = exitCode;
    for (const name of Object.keys(env)) if (!(name in before)) delete process.env[name];
    process.stderr.write = write;
  });

  test('every command has runs', () => {
    expect(RUNS.map(([name]) => name).sort()).toEqual([...leavesOf(program(undefined)).keys()].sort());
  });

  test.each(RUNS.map(([name, ...runs]) => [name, runs] as const))('%s', async (name, runs) => {
    const read = new Set<string>();
    for (const args of runs) for (const option of await optionsRead(name, args)) read.add(option);
    const declared = leavesOf(program(undefined))
      .get(name)!
      .options.map((option) => option.attributeName());
    expect(declared.filter((option) => !read.has(option))).toEqual([]);
  });
});
