import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { hyperparameterValue } from '../job/hyperparameters.ts';
import { scriptOf } from '../job/toolkit-environment.ts';
import type { TrainingRequest } from '../job/training-request.ts';

/** The program that runs on each host of a job. */
export type EntryPoint = CommandEntry | ScriptEntry;

/** A command line. */
export interface CommandEntry {
  readonly kind: 'command';
  /** The program and its arguments. Empty for the entry point of the container image. */
  readonly words: readonly string[];
  /** Whether to append the hyperparameters as arguments. */
  readonly takesArguments: boolean;
}

/** A script of SageMaker's script mode. */
export interface ScriptEntry {
  readonly kind: 'script';
  /** Name of the script in the code folder: `sagemaker_program`. */
  readonly script: string;
  /**
   * Source of the code: `sagemaker_submit_directory`, a folder or `sourcedir.tar.gz`. If undefined,
   * the code folder already contains the code.
   */
  readonly source: string | undefined;
}

/** SageMaker's code folder, and the toolkit's default for `sagemaker_submit_directory`. */
const CODE_DIR = '/opt/ml/code';

/**
 * Returns the entry point of a job: the given command, or else the one that its request names.
 * @throws UsageError if neither exists
 */
export function jobEntryPoint(
  request: TrainingRequest,
  options: {
    readonly command: readonly string[];
    readonly image: string | undefined;
    readonly programArguments: boolean;
  },
): EntryPoint {
  const { command, image, programArguments } = options;
  if (command.length > 0) {
    // In a command without a script, such as sh -c '…', arguments have no meaning.
    const takesArguments = programArguments && scriptOf(command) !== undefined;
    return { kind: 'command', words: command, takesArguments };
  }
  const { containerEntrypoint, containerArguments } = request;
  const words = [...containerEntrypoint, ...containerArguments];
  // If a request sets no entry point, SageMaker runs the container with the argument `train`.
  if (image !== undefined) return { kind: 'command', words, takesArguments: false };
  if (containerEntrypoint.length > 0) return { kind: 'command', words, takesArguments: false };
  const script = textOf(request, 'sagemaker_program');
  const source = textOf(request, 'sagemaker_submit_directory');
  if (script !== undefined)
    return { kind: 'script', script, source: source === CODE_DIR ? undefined : source };
  throw new UsageError(
    'command: expected a training program; pass it after -- on the command line, or set the hyperparameter sagemaker_program or ContainerEntrypoint in the request',
  );
}

function textOf({ hyperparameters }: TrainingRequest, name: string): string | undefined {
  const text = hyperparameters[name];
  if (text === undefined) return undefined;
  const value = hyperparameterValue(text);
  return typeof value === 'string' ? value : text;
}

/** Returns the value of `SM_USER_ENTRY_POINT`: the script of a job, or an empty string. */
export function entryPointName(entry: EntryPoint): string {
  return entry.kind === 'script' ? entry.script : (scriptOf(entry.words) ?? '');
}

/**
 * Returns the command that runs a script in its folder, as SageMaker's training toolkit does. Runs
 * `.sh` files and unknown programs with the shell, packages as Python modules, and other files with
 * Python.
 * @param files names of the files in the folder
 */
export function scriptWords(script: string, files: readonly string[]): readonly string[] {
  if (isShellScript(script, files)) return ['/bin/sh', '-c', `./${quoted(script)} "$@"`, script];
  return [python(), ...(files.includes('setup.py') ? ['-m', script.replace(/\.py$/, '')] : [script])];
}

/**
 * Checks that a script exists, and makes it executable if the shell runs it.
 * @returns a notice about a step of the training toolkit that this host skips
 * @throws RecordpipeError `not-found`
 */
export function prepareScript(script: string, codeDir: string): string | undefined {
  const path = join(codeDir, script);
  if (!existsSync(path)) {
    const what = `the code does not contain ${script}, the script that sagemaker_program names; check the hyperparameters sagemaker_program and sagemaker_submit_directory`;
    throw new RecordpipeError('not-found', what, { uri: codeDir });
  }
  const files = readdirSync(codeDir);
  if (isShellScript(script, files)) {
    chmodSync(path, 0o755);
    return undefined;
  }
  const isPackage = files.includes('setup.py');
  if (!isPackage && !files.includes('requirements.txt')) return undefined;
  const install = isPackage ? codeDir : `-r ${join(codeDir, 'requirements.txt')}`;
  return `SageMaker installs the requirements of the code, but recordpipe does not change your Python environment; if they are not installed, run pip install ${install}`;
}

/**
 * Checks that a program exists, before data is downloaded for it.
 * @param path the folders to search, in PATH syntax
 * @throws RecordpipeError `not-found`
 */
export function checkProgram(name: string, path: string): void {
  const isFound = name.includes('/') || path.split(':').some((folder) => existsSync(join(folder, name)));
  if (isFound) return;
  throw new RecordpipeError('not-found', `no such program: ${name}; check its name and PATH`);
}

function isShellScript(script: string, files: readonly string[]): boolean {
  return script.endsWith('.sh') || (!files.includes('setup.py') && !script.endsWith('.py'));
}

/** Returns the name of the Python program on this host. */
function python(): string {
  const folders = (process.env['PATH'] ?? '').split(':');
  const has = (name: string): boolean => folders.some((folder) => existsSync(join(folder, name)));
  return has('python') || !has('python3') ? 'python' : 'python3';
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
