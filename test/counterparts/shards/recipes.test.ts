import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../../src/index.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { missingCounterpart } from '../counterpart.ts';
import { installed } from '../s3/server.ts';

const FOLDER = fileURLToPath(new URL('../../../docs/scale-out', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const CHECK = fileURLToPath(new URL('check_recipes.py', import.meta.url));
const JSON_AND_YAML = [
  'aws-batch-job-definition.json',
  'aws-batch-submit.json',
  'sagemaker-processing.json',
  'kubernetes.yaml',
  'step-functions.asl.json',
];

const missing = missingCounterpart('recipes');
const temp = tempDir();

describe.skipIf(missing !== undefined)('the recipes of docs/scale-out', () => {
  test('are valid for the services that run them', () => {
    const { stdout, stderr } = spawnSync(installed('recipes/bin/python'), ['-B', CHECK, FOLDER], {
      encoding: 'utf8',
    });
    expect([stdout.trim().split('\n'), stderr]).toEqual([JSON_AND_YAML.map((name) => `checked ${name}`), '']);
  });

  test('pass shellcheck and bash', () => {
    for (const name of ['slurm.sbatch', 'parallel.sh']) {
      for (const [program, ...args] of [['shellcheck'], ['bash', '-n']]) {
        const { stdout, stderr, status } = spawnSync(program, [...args, join(FOLDER, name)], {
          encoding: 'utf8',
        });
        expect([program, name, stdout + stderr, status]).toEqual([program, name, '', 0]);
      }
    }
  });

  test('GNU parallel runs all shards, and does not retry a damaged one', async () => {
    mkdirSync(temp.file('data'));
    for (let i = 0; i < 12; i++) temp.file(`data/${i}.tfrecord`, encodeTFRecord(new Uint8Array(i)));
    const bytes = encodeTFRecord(new Uint8Array(5));
    bytes[14]++;
    temp.file('data/bad.tfrecord', bytes);
    mkdirSync(temp.file('bin'));
    const starts = temp.file('starts');
    writeFileSync(
      temp.file('bin/recordpipe'),
      `#!/bin/sh\necho started >>"${starts}"\nexec "${process.execPath}" "${MAIN}" "$@"\n`,
    );
    chmodSync(temp.file('bin/recordpipe'), 0o755);
    const cwd = temp.path;
    expect((await cli(['plan', 'data', '-o', 'plan.jsonl'], { cwd })).code).toBe(0);
    const env = { ...process.env, PATH: `${temp.file('bin')}:${process.env['PATH']}` };
    const args = [join(FOLDER, 'parallel.sh'), 'plan.jsonl', 'reports/', '4'];
    const { status, stderr } = spawnSync('bash', args, { cwd, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('rror')]);
    expect(readFileSync(starts, 'utf8').match(/started/g)).toHaveLength(4);
    expect((await cli(['merge', 'reports/', '-o', 'total.json'], { cwd })).code).toBe(1);
    expect((await cli(['validate', '--plan', 'plan.jsonl', '--report', 'one.json'], { cwd })).code).toBe(1);
    expect(readFileSync(temp.file('total.json'), 'utf8')).toBe(readFileSync(temp.file('one.json'), 'utf8'));
  });
});
