import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Xoshiro128 } from '../../src/dataset/operators/random.ts';
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
/** Latest moment of a failure, relative to the time that a run without one takes. */
const LATEST = 1.3;
/** The moment of a failure that does not happen. */
const NEVER = 2 ** 30;
const GRACE_MS = 300;
const ORPHAN_MS = 5000;
const CONCURRENT = 3;

/** Rate of a connection in File mode, so that the download takes about a second. */
const FILE_BYTES_PER_SECOND = 300_000;

/**
 * Reads the pipes of two epochs, or the files twice, slowly. Writes their sizes to a file at the end:
 * a program that ended as successful.
 */
const READER = `
import os, time
open(os.environ['SM_MODEL_DIR'] + '/started', 'w').close()
folder = os.environ['SM_INPUT_DIR'] + '/data'
def paths(epoch):
    if os.path.isdir(folder + '/train'):
        return [folder + '/train/' + name for name in os.listdir(folder + '/train')]
    path = folder + '/train_%d' % epoch
    while not os.path.exists(path): time.sleep(0.005)
    return [path]
sizes = []
for epoch in range(2):
    size = 0
    for path in paths(epoch):
        with open(path, 'rb', buffering=0) as source:
            while True:
                data = source.read(16384)
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
  readonly inputMode: 'Pipe' | 'File';
  readonly reader: string;
  readonly fault: (typeof FAULTS)[number];
  readonly hosts: number;
  readonly atMs: number;
  readonly key: string;
}

/**
 * The result of a run: the data was delivered completely before the failure, the failure stopped
 * running programs, or it came before any program ran.
 */
type Outcome = 'complete' | 'stopped' | 'not started';

/** The times of the runs without a failure, which depend on the load of the machine. */
const runsMs: number[] = [];

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

function wordsOf({ command, inputMode, reader, hosts }: Failure, root: string, url: string): string[] {
  const common = ['-c', 'train=s3://bucket/train/', '--root', root, '--grace', `${GRACE_MS}ms`];
  common.push('--endpoint-url', url, '--region', 'us-east-1', '--retry-timeout', '300ms');
  common.push('--part-size', '16KiB', '--window', '64KiB', '--epochs', '2');
  if (command === 'stream') return ['stream', ...common, '--', ...READERS[reader]];
  const job = ['--input-mode', inputMode, '--instance-count', String(hosts)];
  if (reader === 'toolkit') job.push('--hyperparameter', 'sagemaker_program=reader.py');
  return ['train', ...common, ...job, '--', ...READERS[reader]];
}

async function fail(failure: Failure, id: string): Promise<Outcome> {
  const { inputMode } = failure;
  const bytesPerSecond = inputMode === 'File' ? FILE_BYTES_PER_SECOND : Number.POSITIVE_INFINITY;
  await using server = await faultyS3({ objects: OBJECTS, bytesPerSecond });
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
  const began = performance.now();
  const timer = setTimeout(() => void inject(failure, server, child), failure.atMs);
  const code = await exit;
  clearTimeout(timer);
  if (failure.atMs === NEVER) runsMs.push(performance.now() - began);
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
  if (isComplete) return 'complete';
  return hosts.some((host) => existsSync(join(host, 'model/started'))) ? 'stopped' : 'not started';
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
      ...(reader === 'toolkit' ? [] : ([['stream', 'Pipe', reader, 1]] as const)),
      ['train', 'Pipe', reader, 1] as const,
      ['train', 'File', reader, 1] as const,
      ['train', 'Pipe', reader, 2] as const,
    ]),
  )(
  '%s, %s mode, %s, %i hosts: without a failure, the program completes',
  async (command, inputMode, reader, hosts) => {
    const failure = { command, inputMode, reader, hosts, fault: 'SIGTERM', atMs: NEVER, key: '' } as const;
    expect(await fail(failure, `${command}-${inputMode}-${reader}-${hosts}`)).toBe('complete');
  },
);

/**
 * Fails a run at a random moment, from the start of recordpipe to after its end. The program must
 * never end as successful on incomplete data, and no process may be left five seconds later.
 */
test.skipIf(python === undefined || missingProgram('prlimit')).each([
  ['stream', slowShare(120)],
  ['train', slowShare(180)],
] as const)('%s: %i failures at random moments', async (command, times) => {
  const control = {
    command,
    inputMode: 'Pipe',
    reader: 'direct',
    fault: 'SIGTERM',
    hosts: 1,
    atMs: NEVER,
    key: '',
  } as const;
  await Promise.all(Array.from({ length: CONCURRENT }, (_, i) => fail(control, `${command}-control-${i}`)));
  const latestMs = Math.ceil(LATEST * Math.max(...runsMs));
  const random = new Xoshiro128(times, command.length);
  const readers = Object.keys(READERS).filter((reader) => command === 'train' || reader !== 'toolkit');
  const failures = Array.from({ length: times }, (_, i): Failure => {
    const fault = FAULTS[i % FAULTS.length];
    const reader = readers[Math.floor(i / FAULTS.length) % readers.length];
    const hosts = command === 'train' && random.below(3) === 0 ? 2 : 1;
    const inputMode = command === 'train' && random.below(2) === 0 ? 'File' : 'Pipe';
    return {
      command,
      inputMode,
      fault,
      reader,
      hosts,
      atMs: random.below(latestMs),
      key: KEYS[random.below(KEYS.length)],
    };
  });
  const tally: Record<string, Record<Outcome, number>> = {};
  const rest = [...failures.entries()];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [i, failure] = next;
      const outcome = await fail(failure, `${command}-${i}`);
      for (const key of [failure.fault, failure.reader, failure.inputMode, `${failure.hosts} hosts`]) {
        tally[key] ??= { complete: 0, stopped: 0, 'not started': 0 };
        tally[key][outcome]++;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  console.log(`${command}: ${times} failures within ${latestMs} ms`, tally);
});
