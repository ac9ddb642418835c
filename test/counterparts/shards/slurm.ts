import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../s3/server.ts';

/** A Slurm cluster on this machine, for the tests of one file. */
export interface Slurm extends AsyncDisposable {
  /** A new directory. */
  readonly path: string;
  /**
   * Runs a program of Slurm.
   * @returns its output
   * @throws if it fails, unless `codes` includes its exit code
   */
  run(
    program: string,
    args: readonly string[],
    options?: SlurmRun,
  ): Promise<{ code: number | null; stdout: string }>;
}

interface SlurmRun {
  readonly env?: NodeJS.ProcessEnv;
  readonly codes?: readonly number[];
}

const START_MS = 60_000;
const LOOK_MS = 200;

/** Starts munged, slurmctld, and slurmd with their own ports, keys, and state. */
export async function startSlurm(): Promise<Slurm> {
  const path = mkdtempSync(join(tmpdir(), 'recordpipe-slurm-'));
  // All users must be able to access its socket.
  chmodSync(path, 0o755);
  const children: ChildProcess[] = [];
  const env = { ...process.env, SLURM_CONF: join(path, 'slurm.conf') };
  const daemon = (program: string, ...args: string[]): void => {
    const log = join(path, `${program}.out`);
    children.push(
      spawn('sh', ['-c', `exec "$0" "$@" >"${log}" 2>&1`, `/usr/sbin/${program}`, ...args], {
        env,
        stdio: 'ignore',
      }),
    );
  };
  const run: Slurm['run'] = (program, args, { env: more = {}, codes = [0] } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { env: { ...env, ...more }, cwd: path });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => {
        if (codes.includes(code ?? -1)) resolve({ code, stdout });
        else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}`));
      });
    });
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) await ended(child);
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const key = join(path, 'munge.key');
    writeFileSync(key, Buffer.alloc(1024, 7), { mode: 0o400 });
    const socket = join(path, 'munge.socket');
    const files = ['key-file', 'pid-file', 'log-file', 'seed-file'].map((name) =>
      name === 'key-file' ? `--${name}=${key}` : `--${name}=${join(path, `munge.${name}`)}`,
    );
    daemon('munged', '--foreground', '--force', `--socket=${socket}`, ...files);
    writeFileSync(join(path, 'slurm.conf'), await configuration(path, socket));
    mkdirSync(join(path, 'state'));
    mkdirSync(join(path, 'spool'));
    await until(path, async () => spawnSync('munge', ['-n', '-S', socket]).status === 0);
    daemon('slurmctld', '-D', '-c');
    daemon('slurmd', '-D');
    await until(path, async () => {
      const { stdout } = await run('sinfo', ['-h', '-o', '%T'], { codes: [0, 1] });
      return stdout.trim() === 'idle';
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { path, run, [Symbol.asyncDispose]: stop };
}

/** Short intervals: eight tasks take 10 s instead of 42 s. */
async function configuration(path: string, socket: string): Promise<string> {
  const host = hostname();
  return `ClusterName=recordpipe
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${socket}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
ReturnToService=2
KillWait=1
StateSaveLocation=${path}/state
SlurmdSpoolDir=${path}/spool
SlurmctldPidFile=${path}/slurmctld.pid
SlurmdPidFile=${path}/slurmd.pid
SlurmctldLogFile=${path}/slurmctld.log
SlurmdLogFile=${path}/slurmd.log
MailProg=/bin/true
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=p Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}

async function until(path: string, there: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (!(await there().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`slurm does not start: ${lastWords(path)}`);
    await sleep(LOOK_MS);
  }
}

function lastWords(path: string): string {
  const words = ['munged.out', 'slurmctld.out', 'slurmd.out'].map((name) => {
    try {
      return `${name}: ${readFileSync(join(path, name), 'utf8').slice(-500)}`;
    } catch {
      return `${name}: nothing`;
    }
  });
  return words.join('\n');
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
