import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inferColumns } from '../../src/columns/index.ts';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { PipeModeDataset } from '../../src/pipemode/index.ts';
import { readPipe } from '../pipemode/streamer/stream-place.ts';
import { cli } from '../support/cli.ts';
import { documentMisfits, validated } from '../support/json-output.ts';
import { concat, oracleFile } from '../support/oracle-tfrecord.ts';
import { type S3Place, s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

// `cli` validates the JSON output of every run against its schema. These runs have an output of each kind.

const temp = tempDir();
let place: S3Place;

beforeAll(async () => {
  const examples = [1, 2, 3].map((label) =>
    encodeExample({
      label: { kind: 'int64', value: [label] },
      score: { kind: 'float', value: [0.5, Number.NaN] },
      name: { kind: 'bytes', value: [new TextEncoder().encode(`record ${label}`)] },
    }),
  );
  mkdirSync(temp.file('data'));
  temp.file('data/a-00000-of-00003.tfrecord', oracleFile(examples));
  temp.file('data/b.tfrecord', oracleFile(examples.slice(1)));
  temp.file('data/notes.md', new TextEncoder().encode('notes'));
  temp.file('damaged.tfrecord', concat([oracleFile(examples), new Uint8Array(5)]));
  place = await s3Place({ objects: { 'bucket/train/a.tfrecord': oracleFile(examples) } });
});
afterAll(() => place[Symbol.asyncDispose]());

/** Runs a command of these words, and then a program if there is one. */
async function run(line: string, code = 0, program?: string): Promise<void> {
  const env = { ...place.env, RECORDPIPE_ERRORS: 'json' };
  const words = program === undefined ? [] : ['--', 'sh', '-c', program];
  const { stderr, code: got } = await cli([...line.split(' '), ...words], { cwd: temp.path, env });
  expect(got, `${line}\n${stderr}`).toBe(code);
}

/** Expects the JSON of a file, or its lines, to match a schema. */
function expectFile(path: string, name: Parameters<typeof documentMisfits>[0]): void {
  const text = readFileSync(temp.file(path), 'utf8');
  const values = name.endsWith('-line') ? text.trim().split('\n') : [text];
  expect(values.flatMap((value) => documentMisfits(name, JSON.parse(value)))).toEqual([]);
}

test('commands that check data print JSON that matches its schema', async () => {
  await run('validate data --json');
  await run('validate data damaged.tfrecord missing.tfrecord --jsonl', 1);
  await run('schema data -o schema.json --loose');
  await run('validate damaged.tfrecord --schema schema.json --json --report report.json', 1);
  expectFile('report.json', 'validate');
  await run('count data damaged.tfrecord --json', 1);
  await run('count data --jsonl --where label>1');
  await run('inspect damaged.tfrecord --json --decode', 1);
  await run('inspect data/b.tfrecord --jsonl --hash --decode');
  await run('stats data damaged.tfrecord --json', 1);
  await run('index data --json');
  await run('index data --check --jsonl');
  await run('doctor s3://bucket --probe 4KiB --json');
  await run('doctor s3://missing --json', 3);
});

test('commands that write record files print JSON that matches its schema', async () => {
  await run('convert data/b.tfrecord b.rec --to recordio --json');
  await run('convert data/b.tfrecord b.jsonl --json --columns label,name');
  await run('repair damaged.tfrecord repaired.tfrecord --json', 1);
  await run('repair data --output-dir repaired --json');
  await run('split data/b.tfrecord part --shards 2 --json');
  await run('split data weighted --weights train=0.5,test=0.5 --json');
  await run('merge data -o all.tfrecord --json');
  await run('shuffle data shuffled.tfrecord --seed 1 --json');
  await run('sample data/b.tfrecord sample.tfrecord -n 1 --seed 1 --json');
});

test('plans and reports of shards match their schemas', async () => {
  await run('plan data -o plan.jsonl --shards 2 --json');
  expectFile('plan.jsonl', 'plan-line');
  for (const command of ['validate', 'stats', 'schema', 'index']) {
    const shard = (number: number): string =>
      `${command} --plan plan.jsonl --shard ${number}/2 --report ${command}/ -q`;
    await run(shard(0));
    await run(`merge ${command}/ -o total-${command}.json --json`, 3);
    await run(shard(1));
    await run(`merge ${command}/ -o total-${command}.json --json`);
    expectFile(`total-${command}.json`, 'total-report');
    for (const name of readdirSync(temp.file(command))) expectFile(`${command}/${name}`, 'shard-report');
  }
});

test('commands that use S3 print JSON that matches its schema', async () => {
  await run('upload data s3://bucket/up/ --json --manifest s3://bucket/up.manifest');
  await run('upload data damaged.tfrecord s3://bucket/up/ --jsonl --if-changed', 1);
  await run('validate s3://bucket/train/ --cache-dir cache -q');
  await run('cache ls cache --json');
  await run('cache rm cache --json');
  temp.file('bad.manifest', new TextEncoder().encode('{"source-ref": "a", "label": 1}\n{}\n'));
  await run('manifest check bad.manifest --json', 1);
  await run('manifest check bad.manifest --jsonl', 1);
});

test('stream and train print events, and write files, that match their schemas', async () => {
  const stream = 'stream -c train=data --epochs 1 --json --checkpoint checkpoint.json --root root';
  await run(stream, 0, 'cat "$SM_INPUT_DIR/data/train_0" > got');
  expectFile('checkpoint.json', 'stream-checkpoint');
  mkdirSync(temp.file('pipes'));
  const unsupervised = run('stream -c train=data --epochs 1 --dir pipes --json');
  await readPipe(temp.file('pipes/train_0'));
  await unsupervised;
  expectFile('pipes/train.status.json', 'stream-status');
  const train = 'train -c train=data --checkpoints saved --metric loss=loss=(.*) --root job --output out';
  await run(`${train} --dry-run --json`, 0, 'true');
  await run(`${train} --metrics-out metrics.json --json`, 0, 'echo loss=0.5; echo > "$SM_MODEL_DIR/model"');
  expectFile('metrics.json', 'train-metrics');
});

test('tables contain column schemas that match their schema', async () => {
  expect(documentMisfits('column-schema', await inferColumns([temp.file('data')]))).toEqual([]);
});

test('states of readers match their schemas', async () => {
  const iterator = Dataset.records(temp.file('data'))
    .shuffle(2, { seed: 1 })
    .batch(2)
    [Symbol.asyncIterator]();
  await iterator.next();
  expect(documentMisfits('dataset-state', JSON.parse(JSON.stringify(iterator.state())))).toEqual([]);
  await iterator.return?.();
  temp.file('inputdataconfig.json', Buffer.from('{"train": {"TrainingInputMode": "Pipe"}}'));
  temp.file('train_0', Buffer.from('one\ntwo\n'));
  const dirs = { pipeDir: temp.path, stateDir: temp.path, configDir: temp.path };
  const pipe = new PipeModeDataset('train', { recordFormat: 'TextLine', ...dirs });
  await pipe.first();
  expect(documentMisfits('pipe-mode-state', JSON.parse(JSON.stringify(pipe.state())))).toEqual([]);
});

test('the program of the reference validates a report', () => {
  const page = readFileSync(new URL('../../docs/reference/json.md', import.meta.url), 'utf8');
  const root = fileURLToPath(new URL('../../', import.meta.url));
  mkdirSync(temp.file('node_modules'));
  symlinkSync(root, temp.file('node_modules/recordpipe'));
  symlinkSync(`${root}node_modules/ajv`, temp.file('node_modules/ajv'));
  temp.file('check.mjs', Buffer.from(/```js\n(.*?)```/s.exec(page)![1]));
  const { stdout } = spawnSync(process.execPath, ['check.mjs'], { cwd: temp.path, encoding: 'utf8' });
  expect(stdout).toBe('true\n');
});

test('every schema describes an output of these runs', () => {
  const names = readdirSync(new URL('../../schema/output/', import.meta.url)).map((file) =>
    file.replace('.json', ''),
  );
  expect(names.filter((name) => !(validated as Set<string>).has(name))).toEqual([]);
});
