import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  hostEnvironment,
  jobHosts,
  jobPaths,
  parseTrainingRequest,
  writeJobFiles,
} from '../../src/pipemode/train/index.ts';
import { privateRootCommand } from '../../src/pipemode/train/private-root.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { counterpartRoot, missingCounterpart, runPython } from './counterpart.ts';
import { JOB_DEFINITIONS, type JobDefinition } from './training-jobs.ts';

const missing = missingCounterpart('sagemaker-training');
const folder = tempDir();

/** What the toolkit passes to the program of a host, or its error (training_toolkit.py). */
interface Found {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly files: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** Runs the toolkit for every host of the jobs. Returns the results by `JOB.HOST`. */
function toolkitOf(place: string, jobs: readonly JobDefinition[]): ReadonlyMap<string, Found> {
  mkdirSync(place);
  for (const definition of jobs) {
    const request = parseTrainingRequest(JSON.stringify(definition), 'request');
    const hosts = jobHosts(request).map(({ name, group }) => [name, group.name]);
    for (const [host] of hosts) {
      const { arn, region } = request;
      const given = { request: definition, arn, region, hosts, host };
      writeFileSync(join(place, `${definition.TrainingJobName}.${host}.json`), JSON.stringify(given));
    }
  }
  const lines = runPython('sagemaker-training', 'training_toolkit.py', place);
  return new Map(lines.map((line) => JSON.parse(line) as Found).map((found) => [found.name, found]));
}

/**
 * Variables that only recordpipe sets. The toolkit reads both; in SageMaker, its defaults apply.
 * PYTHONPATH is the only variable that the toolkit sets and recordpipe does not: it is the module
 * path of the toolkit's own process.
 */
const OWN_VARIABLES = new Set(['SAGEMAKER_BASE_DIR', 'SM_STUDIO_LOCAL_MODE']);

describe.skipIf(missing !== undefined)("a job equals that of SageMaker's training toolkit", () => {
  const place = folder.file('jobs');
  let toolkit: ReadonlyMap<string, Found>;
  const compared = { definitions: 0, hosts: 0, variables: 0, arguments: 0, files: 0 };

  beforeAll(() => {
    toolkit = toolkitOf(place, JOB_DEFINITIONS);
  });

  test.each(JOB_DEFINITIONS)('$TrainingJobName', (definition) => {
    const request = parseTrainingRequest(JSON.stringify(definition), 'request');
    compared.definitions++;
    for (const host of jobHosts(request)) {
      const name = `${request.name}.${host.name}`;
      const theirs = toolkit.get(name)!;
      expect(theirs.error, name).toBeUndefined();
      const paths = jobPaths(join(place, name));
      const inherited = { PATH: process.env['PATH'] };
      const ours = hostEnvironment(request, host, paths, '', { inherited });
      const variables = Object.entries(ours.variables).filter(([one]) => !OWN_VARIABLES.has(one));
      expect(Object.fromEntries(variables), name).toEqual(theirs.variables);
      expect(ours.programArguments, name).toEqual(theirs.arguments);
      writeJobFiles(request, host, paths);
      for (const [file, contents] of Object.entries(theirs.files))
        expect(JSON.parse(readFileSync(join(paths.configDir, `${file}.json`), 'utf8')), file).toEqual(
          contents,
        );
      compared.hosts++;
      compared.variables += variables.length;
      compared.arguments += ours.programArguments.length;
      compared.files += Object.keys(theirs.files).length;
    }
  });

  test('in all variables, arguments and files', () => {
    console.log(`equal to the toolkit: ${JSON.stringify(compared)}`);
    expect(compared.definitions).toBeGreaterThanOrEqual(30);
  });
});

describe.skipIf(missing !== undefined)('a job that the toolkit cannot start is an error', () => {
  const [base] = JOB_DEFINITIONS;
  const jobs = Object.entries({
    equals: { 'a=b': '1' },
    nul: { a: '"\\u0000"' },
    half: { a: '"\\ud800"' },
  }).map(([name, HyperParameters]): JobDefinition => ({ ...base, TrainingJobName: name, HyperParameters }));

  test('with names and values that no variable can have', () => {
    const toolkit = toolkitOf(folder.file('errors'), jobs);
    for (const definition of jobs) {
      const request = parseTrainingRequest(JSON.stringify(definition), 'request');
      const [host] = jobHosts(request);
      expect(toolkit.get(`${request.name}.algo-1`)?.error, request.name).toBeTypeOf('string');
      expect(() => hostEnvironment(request, host, jobPaths('/opt/ml'), ''), request.name).toThrow(
        'cannot be passed to a program',
      );
    }
  });
});

describe.skipIf(missing !== undefined)("AWS's own train command runs without waiting for DNS", () => {
  const command = join(counterpartRoot('sagemaker-training'), 'bin/train');
  const source = folder.file('source');
  const data = folder.file('data');
  mkdirSync(source);
  mkdirSync(data);
  writeFileSync(join(data, 'a.txt'), 'one\ntwo\n');
  const dump = [
    'import json, os, sys',
    "path = os.path.join(os.environ['SM_MODEL_DIR'], os.environ['SM_CURRENT_HOST'] + '.json')",
    "channel = os.environ['SM_CHANNEL_TRAIN']",
    "data = channel + '/a.txt' if os.path.isdir(channel) else channel + '_0'",
    'lines = open(data).read().split()',
    "json.dump({'args': sys.argv[1:], 'lines': lines, 'env': dict(os.environ)}, open(path, 'w'))",
  ];
  writeFileSync(join(source, 'dump.py'), `${dump.join('\n')}\n`);

  /** Runs the toolkit's own command for two hosts. Returns when both have written what they got. */
  async function runTrain(root: string, options: readonly string[], environment: object): Promise<void> {
    const request = {
      ...JOB_DEFINITIONS[0],
      Environment: environment,
      ResourceConfig: { InstanceType: 'ml.c5.xlarge', InstanceCount: 2, VolumeSizeInGB: 30 },
      InputDataConfig: [
        {
          ChannelName: 'train',
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: data } },
        },
      ],
      HyperParameters: {
        'learning-rate': '0.10',
        sagemaker_program: '"dump.py"',
        sagemaker_submit_directory: JSON.stringify(source),
      },
    };
    const job = folder.file('job.json', Buffer.from(JSON.stringify(request)));
    const output = ['--output', join(root, 'output')];
    const args = ['train', '--job', job, '--root', root, ...output, ...options, '--', command];
    const { code, stderr } = await cli(args, { separate: true, timeout: 120_000 });
    expect(code, stderr).toBe(0);
    for (const host of ['algo-1', 'algo-2']) checkDump(join(root, host), host);
  }

  function checkDump(root: string, host: string): void {
    expect(JSON.parse(readFileSync(join(root, `model/${host}.json`), 'utf8'))).toMatchObject({
      args: ['--learning-rate', '0.1'],
      lines: ['one', 'two'],
      env: { SM_CURRENT_HOST: host, SM_HOSTS: '["algo-1","algo-2"]', 'SM_HP_LEARNING-RATE': '0.1' },
    });
  }

  test('with recordpipe stream', async () => {
    const root = folder.file('stream');
    const parameters = [
      'learning-rate=0.10',
      'sagemaker_program="dump.py"',
      `sagemaker_submit_directory=${JSON.stringify(source)}`,
    ].flatMap((text) => ['--hyperparameter', text]);
    const hosts = ['--hosts', 'algo-1,algo-2', '--current-host', 'algo-2'];
    const args = ['stream', '-c', `train=${data}`, '--root', root, ...hosts, ...parameters, '--', command];
    const { code, stderr } = await cli(args, { timeout: 120_000 });
    expect(code, stderr).toBe(0);
    checkDump(root, 'algo-2');
  });

  test('below another root, where it does not look up hosts', async () => {
    await runTrain(folder.file('root'), ['--no-opt-ml'], {});
  });

  test.skipIf(privateRootCommand('/tmp', ['true']) === undefined)(
    'in /opt/ml, where all hosts are addresses of this machine',
    async () => {
      await runTrain(folder.file('opt-ml'), [], { SM_STUDIO_LOCAL_MODE: 'false' });
    },
  );
});
