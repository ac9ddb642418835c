import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type TrainingEvent,
  type TrainingRequestInput,
  type TrainingResult,
  TrainingRun,
  type TrainingRunInput,
  trainingRequest,
} from '../../../src/pipemode/train/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A folder for the jobs of one test file. */
export interface JobPlace {
  readonly path: string;
  /** Returns the path of a new folder, which does not exist yet. */
  newRoot(): string;
  /** Writes files to a folder, and returns its path. */
  folder(name: string, files: Readonly<Record<string, string | Uint8Array>>): string;
}

export function jobPlace(): JobPlace {
  const temp = tempDir();
  let roots = 0;
  return {
    path: temp.path,
    newRoot: () => temp.file(`root-${roots++}`),
    folder: (name, files) => {
      const folder = temp.file(name);
      mkdirSync(folder, { recursive: true });
      for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
      return folder;
    },
  };
}

/** The outcome of a job. */
export interface JobRun extends TrainingResult {
  readonly events: readonly TrainingEvent[];
  /** The lines that programs printed, each prefixed with its host name. */
  readonly lines: readonly string[];
}

/** A running job. */
export interface RunningJob {
  readonly job: TrainingRun;
  readonly ended: Promise<JobRun>;
  readonly events: readonly TrainingEvent[];
  readonly lines: readonly string[];
}

type JobInput = Omit<TrainingRunInput, 'request' | 'command'> & { readonly request: TrainingRequestInput };

/** Starts a job whose program is a shell script. */
export function startJob(script: string | undefined, { request, ...options }: JobInput): RunningJob {
  const events: TrainingEvent[] = [];
  const lines: string[] = [];
  const job = new TrainingRun({
    graceMs: 5000,
    onEvent: (event) => void events.push(event),
    onLine: (host, line) => void lines.push(`${host} ${line}`),
    ...options,
    request: trainingRequest(request),
    command: script === undefined ? [] : ['sh', '-c', script],
  });
  const ended = job.run().then((result) => ({ ...result, events, lines }));
  ended.catch(() => {});
  return { job, ended, events, lines };
}

/** Runs a job whose program is a shell script. */
export function runJob(script: string | undefined, input: JobInput): Promise<JobRun> {
  return startJob(script, input).ended;
}

/** Names of the files in a folder. */
export function filesIn(...path: string[]): string[] {
  return readdirSync(join(...path)).sort();
}

export function textOf(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}
