import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Xoshiro128 } from '../../src/dataset/operators/shuffle.ts';
import { missingProgram } from '../pipemode/reader/programs.ts';
import { startCli } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { slowShare } from '../support/slow-share.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const OBJECTS = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => [`bucket/train/${10 + i}`, Buffer.alloc(60_000 + i, 97 + i)]),
);
const KEYS = Object.keys(OBJECTS);
const WHOLE = Object.values(OBJECTS).reduce((sum, { length }) => sum + length, 0);
/** Latest moment of a failure, a little after the end of a run without one. */
const LATEST_MS = 4000;
const GRACE_MS = 300;
const ORPHAN_MS = 5000;
const CONCURRENT = 3;

/** Reads two epochs slowly. Writes their sizes to a file at the end: a program that ended as successful. */
const READER = `
import os, time
sizes = []
for epoch in range(2):
    path = os.environ['SM_INPUT_DIR'] + '/data/train_%d' % epoch
    while not os.path.exists(path): time.sleep(0.005)
    size = 0
    with open(path, 'rb', buffering=0) as pipe:
        while True:
            data = pipe.read(16384)
            if not data: break
            size += len(data)
            time.sleep(0.008)
    sizes.append(str(size))
with open(os.environ['SM_MODEL_DIR'] + '/complete', 'w') as file: file.write(' '.join(sizes))
`;

const python = missingProgram('python3')
  ? undefined
  : execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const toolkit = [
  process.env['RECORDPIPE_SAGEMAKER_TRAIN'] ?? '',
  join(import.meta.dirname, '../../.cache/counterparts/sagemaker-training/bin/train'),
].find((path) => existsSync(path));
const script = temp.file('reader.py', Buffer.from(READER));

/** How the reader is started. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  direct: [python ?? '', script],
  sh: ['sh', '-c', `'${python}' '${script}' && echo > "$SM_MODEL_DIR/saved"`],
  bash: ['bash', '-c', `'${python}' '${script}' & wait $! && echo > "$SM_MODEL_DIR/saved"`],
  ...(toolkit !== undefined && { toolkit: [toolkit] }),
};
const FAULTS = ['vanish', 'outage', 'SIGTERM', 'SIGINT', 'SIGKILL', 'disk-full'] as const;

interface Failure {
  readonly command: 'stream' | 'train';
  readonly reader: string;
  readonly fault: (typeof FAULTS)[number];
  readonly hosts: number;
  readonly atMs: number;
  readonly key: string;
}

/** The result of a run: whether the data was delivered completely before the failure. */
type Outcome = 'complete' | 'stopped';

async function inject({ fault, key }: Failure, server: FaultyS3, child: ChildProcess): Promise<void> {
  if (fault === 'vanish') {
    // An object that vanishes before it is listed is not part of the data.
    while (server.log.every(({ operation }) => operation !== 'ListObjectsV2') && isRunning(child))
      await sleep(5);
    server.store.delete(key);
  } else if (fault === 'outage') server.script.add({ do: 'status', status: 503, times: 1e9 });
  // From now on, no file that recordpipe writes may grow, as on a full disk. Its pipes may.
  else if (fault === 'disk-full') spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=0']);
  else child.kill(fault);
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function wordsOf({ command, reader, hosts }: Failure, root: string, url: string): string[] {
  const common = ['-c', 'train=s3://bucket/train/', '--root', root, '--grace', `${GRACE_MS}ms`];
  common.push('--endpoint-url', url, '--region', 'us-east-1', '--retry-timeout', '300ms');
  common.push('--part-size', '16KiB', '--window', '64KiB', '--epochs', '2');
  if (command === 'stream') return ['stream', ...common, '--', ...READERS[reader]];
  const job = ['--input-mode', 'Pipe', '--instance-count', String(hosts)];
  if (reader === 'toolkit') job.push('--hyperparameter', 'sagemaker_program=reader.py');
  return ['train', ...common, ...job, '--', ...READERS[reader]];
}

async function fail(failure: Failure, id: string): Promise<Outcome> {
  await using server = await faultyS3({ objects: OBJECTS });
  const root = temp.file(id);
  const hosts = hostFolders(failure, root);
  for (const host of hosts) {
    mkdirSync(join(host, 'code'), { recursive: true });
    if (failure.reader === 'toolkit') writeFileSync(join(host, 'code/reader.py'), READER);
  }
  const env = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    RECORDPIPE_TEST_RUN: id,
  };
  const child = startCli(wordsOf(failure, root, server.url), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => {
      output += String(bytes);
    });
  const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const timer = setTimeout(() => void inject(failure, server, child), failure.atMs);
  const code = await exit;
  clearTimeout(timer);
  await sleep(ORPHAN_MS);
  const about = `${JSON.stringify(failure)} exit ${code}\n${output}`;
  expect(processesOfRun(id), `orphans: ${about}`).toEqual([]);
  const found = hosts.map((host) => readIfThere(join(host, 'model/complete')));
  for (const [i, text] of found.entries()) {
    if (text !== undefined) expect(text, about).toBe(`${WHOLE} ${WHOLE}`);
    else expect(existsSync(join(hosts[i], 'model/saved')), about).toBe(false);
  }
  const isComplete = found.every((text) => text !== undefined);
  if (code === 0) expect(isComplete, about).toBe(true);
  return isComplete ? 'complete' : 'stopped';
}

function hostFolders({ hosts }: Failure, root: string): string[] {
  if (hosts === 1) return [root];
  return Array.from({ length: hosts }, (_, i) => join(root, `algo-${i + 1}`));
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Command lines of the live processes that inherited the mark of a run. */
function processesOfRun(id: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const mark = `\0RECORDPIPE_TEST_RUN=${id}\0`;
      if (!`\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(mark)) return [];
      const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1) as string;
      return /^[ZX]/.test(state)
        ? []
        : [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}

/** The other test would pass if nothing ever worked. */
test
  .skipIf(python === undefined)
  .each(
    Object.keys(READERS).flatMap((reader) => [
      ...(reader === 'toolkit' ? [] : ([['stream', reader, 1]] as const)),
      ['train', reader, 1] as const,
      ['train', reader, 2] as const,
    ]),
  )('%s, %s, %i hosts: without a failure, the program completes', async (command, reader, hosts) => {
  const failure = { command, reader, hosts, fault: 'SIGTERM', atMs: 2 ** 30, key: '' } as const;
  expect(await fail(failure, `${command}-${reader}-${hosts}`)).toBe('complete');
});

/**
 * Fails a run at a random moment, from the start of recordpipe to after its end. The program must
 * never end as successful on incomplete data, and no process may be left five seconds later.
 */
test.skipIf(python === undefined || missingProgram('prlimit')).each([
  ['stream', slowShare(120)],
  ['train', slowShare(180)],
] as const)('%s: %i failures at random moments', async (command, times) => {
  const random = new Xoshiro128(times, command.length);
  const readers = Object.keys(READERS).filter((reader) => command === 'train' || reader !== 'toolkit');
  const failures = Array.from({ length: times }, (_, i): Failure => {
    const fault = FAULTS[i % FAULTS.length];
    const reader = readers[Math.floor(i / FAULTS.length) % readers.length];
    const hosts = command === 'train' && random.below(3) === 0 ? 2 : 1;
    return {
      command,
      fault,
      reader,
      hosts,
      atMs: random.below(LATEST_MS),
      key: KEYS[random.below(KEYS.length)],
    };
  });
  const tally: Record<string, Record<Outcome, number>> = {};
  const rest = [...failures.entries()];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [i, failure] = next;
      const outcome = await fail(failure, `${command}-${i}`);
      for (const key of [failure.fault, failure.reader]) {
        tally[key] ??= { complete: 0, stopped: 0 };
        tally[key][outcome]++;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  console.log(`${command}: ${times} failures`, tally);
});
