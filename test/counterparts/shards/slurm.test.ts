import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../../src/index.ts';
import { cli } from '../../support/cli.ts';
import { missingCounterpart } from '../counterpart.ts';
import { VERSITYGW } from '../s3/kinds.ts';
import { Service } from '../s3/service.ts';
import { startVersitygw } from '../s3/versitygw.ts';
import { startSlurm } from './slurm.ts';

const RECIPE = fileURLToPath(new URL('../../../docs/scale-out/slurm.sbatch', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../../examples/slurm-array', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FILES = 200;
const HUNG = 5;

const missingSlurm = missingCounterpart('slurm');
const missing = missingSlurm ?? missingCounterpart('versitygw');

describe.skipIf(missing !== undefined)('Slurm: an array of 8 over 200 files on versitygw', () => {
  test('a killed task runs again from the list of merge; the total equals that of one run, byte for byte', async () => {
    const server = await startVersitygw();
    try {
      await using slurm = await startSlurm();
      const service = new Service(VERSITYGW, server);
      const bucket = await service.makeBucket();
      for (let i = 0; i < FILES; i++) await service.put(bucket, `train/${i}.tfrecord`, file(i));
      const s3 = `s3://${bucket}`;
      const run = (...args: string[]) => cli(args, { env: service.env });
      expect((await run('plan', `${s3}/train/`, '-o', `${s3}/plan.jsonl.gz`, '--shards', '8')).code).toBe(0);

      const hang = join(slurm.path, 'hang');
      const env = {
        ...service.env,
        PLAN: `${s3}/plan.jsonl.gz`,
        REPORTS: `${s3}/reports/`,
        HANG: hang,
        PATH: `${recordpipeIn(slurm.path)}:${process.env['PATH']}`,
      };
      writeFileSync(hang, '');
      const { stdout: submitted } = await slurm.run('sbatch', ['--parsable', RECIPE], { env });
      const job = submitted.trim();
      const left = async (): Promise<string> =>
        (await slurm.run('squeue', ['-h', '-r', '-o', '%K %T'])).stdout.trim();
      await expect.poll(left, { timeout: 90_000, interval: 300 }).toBe(`${HUNG} RUNNING`);
      await slurm.run('scancel', [`${job}_${HUNG}`]);
      await expect.poll(left, { timeout: 30_000, interval: 300 }).toBe('');

      const some = await run('merge', `${s3}/reports/`, '-o', `${s3}/total.json`);
      expect(some).toMatchObject({ code: 3, stdout: `${HUNG}\n` });
      rmSync(hang);
      const again = ['--wait', '--parsable', `--array=${some.stdout.trim()}`, RECIPE];
      // 1 if the array includes the damaged file, because sbatch exits with the code of its tasks.
      await slurm.run('sbatch', again, { env, codes: [0, 1] });

      const merged = await run('merge', `${s3}/reports/`, '-o', `${s3}/total.json`);
      expect(merged.code).toBe(1);
      expect(merged.stdout).toContain('invalid 1 of 200 files');
      expect(
        (await run('validate', '--plan', `${s3}/plan.jsonl.gz`, '--report', `${s3}/one.json`)).code,
      ).toBe(1);
      const text = async (key: string): Promise<string> => {
        const { Body } = await service.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Body!.transformToString();
      };
      const total = await text('total.json');
      expect(total === (await text('one.json'))).toBe(true);
      expect(JSON.parse(total).result.totals).toMatchObject({ files: FILES, bad: 1 });
      const log = readFileSync(join(slurm.path, `recordpipe-${job}_3.log`), 'utf8');
      expect(log).toContain('shard 3 of 8 (zero-based), by Slurm array: SLURM_ARRAY_TASK_ID=3');
    } finally {
      await server.stop();
    }
  });
});

describe.skipIf(missingSlurm !== undefined)('Slurm: examples/slurm-array', () => {
  test('its tests pass on a cluster', async () => {
    await using slurm = await startSlurm();
    const project = join(slurm.path, 'project');
    cpSync(EXAMPLE, project, { recursive: true });
    mkdirSync(join(project, 'node_modules/.bin'), { recursive: true });
    symlinkSync(ROOT, join(project, 'node_modules/recordpipe'));
    symlinkSync(MAIN, join(project, 'node_modules/.bin/recordpipe'));
    const { stdout } = await slurm.run('sh', ['-c', 'cd project && node --test']);
    expect(stdout).toMatch(/^# pass 3$/m);
    expect(stdout).not.toContain('skipped: a real Slurm cluster');
  });
});

/** Returns records of different sizes. One file is damaged. */
function file(i: number): Uint8Array {
  const records = Array.from({ length: 5 + (i % 40) }, (_, at) =>
    encodeTFRecord(new Uint8Array(100 + i * 7).fill(at)),
  );
  const bytes = Buffer.concat(records);
  if (i === 77) bytes[40]++;
  return bytes;
}

/** Creates a directory with a recordpipe that hangs in one task while a file HANG exists. */
function recordpipeIn(path: string): string {
  const bin = join(path, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'recordpipe'),
    `#!/bin/bash
"${process.execPath}" "${MAIN}" "$@" &
[ "$SLURM_ARRAY_TASK_ID" = ${HUNG} ] && [ -e "$HANG" ] && kill -STOP $!
wait $!
`,
  );
  chmodSync(join(bin, 'recordpipe'), 0o755);
  return bin;
}
