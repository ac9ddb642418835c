import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { hyperparameterValue } from '../job/hyperparameters.ts';
import { scriptOf } from '../job/toolkit-environment.ts';
import type { TrainingRequest } from '../job/training-request.ts';

/** What runs on each host of a job. */
export type EntryPoint = CommandEntry | ScriptEntry;

/** A command line. */
export interface CommandEntry {
  readonly kind: 'command';
  /** The program and its arguments. Empty: the entry point of the container image. */
  readonly words: readonly string[];
  /** Whether the hyperparameters follow as arguments. */
  readonly takesArguments: boolean;
}

/** A script of SageMaker's script mode. */
export interface ScriptEntry {
  readonly kind: 'script';
  /** Name of the script in the code folder: `sagemaker_program`. */
  readonly script: string;
  /**
   * Where the code comes from: `sagemaker_submit_directory`, a folder or `sourcedir.tar.gz`. If
   * undefined, it is in the code folder already.
   */
  readonly source: string | undefined;
}

/** SageMaker's folder of the code. The toolkit's default for `sagemaker_submit_directory`. */
const CODE_DIR = '/opt/ml/code';

/**
 * Returns what a job runs: the given command, or else the entry point that its request names.
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
    // Without a script in the command, such as in sh -c '…', arguments have no meaning.
    const takesArguments = programArguments && scriptOf(command) !== undefined;
    return { kind: 'command', words: command, takesArguments };
  }
  const { containerEntrypoint, containerArguments } = request;
  const words = [...containerEntrypoint, ...containerArguments];
  // SageMaker runs containers without an entry point of their own with the argument `train`.
  if (image !== undefined) return { kind: 'command', words, takesArguments: false };
  if (containerEntrypoint.length > 0) return { kind: 'command', words, takesArguments: false };
  const script = textOf(request, 'sagemaker_program');
  const source = textOf(request, 'sagemaker_submit_directory');
  if (script !== undefined)
    return { kind: 'script', script, source: source === CODE_DIR ? undefined : source };
  throw new UsageError(
    'command: expected a training program (after -- on the command line), or a request with the hyperparameter sagemaker_program or with ContainerEntrypoint',
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
 * Returns the command that runs a script in its folder, as SageMaker's training toolkit does: `.sh`
 * files and unknown programs through the shell, packages as modules, other files with Python.
 * @param files names of the files in the folder
 */
export function scriptWords(script: string, files: readonly string[]): readonly string[] {
  if (isShellScript(script, files)) return ['/bin/sh', '-c', `./${quoted(script)} "$@"`, script];
  return [python(), ...(files.includes('setup.py') ? ['-m', script.replace(/\.py$/, '')] : [script])];
}

/**
 * Checks that a script exists, and makes it executable if the shell runs it.
 * @returns a notice about what the training toolkit does and this host does not
 * @throws RecordpipeError `not-found`
 */
export function prepareScript(script: string, codeDir: string): string | undefined {
  const path = join(codeDir, script);
  if (!existsSync(path)) {
    const what = `the code has no ${script}, which the hyperparameter sagemaker_program names; check that name and sagemaker_submit_directory`;
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
  return `SageMaker installs the requirements of the code; recordpipe changes no Python environment: run pip install ${install}`;
}

function isShellScript(script: string, files: readonly string[]): boolean {
  return script.endsWith('.sh') || (!files.includes('setup.py') && !script.endsWith('.py'));
}

/** Returns the name of Python on this host. */
function python(): string {
  const folders = (process.env['PATH'] ?? '').split(':');
  const has = (name: string): boolean => folders.some((folder) => existsSync(join(folder, name)));
  return has('python') || !has('python3') ? 'python' : 'python3';
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
