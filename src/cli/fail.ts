import { existsSync } from 'node:fs';
import { CommanderError } from 'commander';
import { isOutOfMemory, isRecordpipeError, UsageError } from 'recordpipe/errors';
import { errorText } from './advice.ts';
import { exitCodeOf } from './error-exit-code.ts';
import { INTERNAL_ERROR, IO_FAILURE, OK, USAGE } from './exit-codes.ts';
import { interruptedBy } from './interrupt.ts';
import { ClosedOutput, complain } from './output.ts';
import { packageVersion } from './version.ts';
import { visible } from './visible.ts';

/** Options of the library that have other names on the command line. */
const OPTION_NAMES: Record<string, string> = {
  maxRecordBytes: '--max-record-size',
  maxShardBytes: '--size',
  memoryBytes: '--memory',
  encoding: '--encoding',
  hashShards: '--by-hash',
  shards: '--shards',
  partBytes: '--part-size',
  windowBytes: '--window',
  maxRequests: '--max-requests',
  retryTimeoutMs: '--retry-timeout',
  requesterPays: '--request-payer',
  endpointUrl: '--endpoint-url',
  profile: '--profile',
  overwrite: '--force',
  skip: '--if-changed',
};

/** Prints what went wrong on standard error. @returns the exit code for it */
export async function fail(error: unknown): Promise<number> {
  const signal = interruptedBy();
  if (signal !== undefined) return signal;
  if (error instanceof ClosedOutput) return OK;
  if (error instanceof CommanderError) {
    const next = error.exitCode === 0 ? undefined : nextStep(error);
    if (next !== undefined) complain(`  next: ${next}`);
    return error.exitCode === 0 ? OK : USAGE;
  }
  if (error instanceof UsageError) {
    const message = error.message.replace(/^\w+(?=: )/, (name) => OPTION_NAMES[name] ?? name);
    complain(`recordpipe: ${visible(message)}\n  next: ${helpCommand()} shows what is accepted`);
    return USAGE;
  }
  if (isRecordpipeError(error)) {
    complain(errorText(error));
    return exitCodeOf(error.code);
  }
  if (isOutOfMemory(error)) {
    complain(`recordpipe: out of memory: ${visible((error as Error).message)}\n  next: ${MORE_MEMORY}`);
    return IO_FAILURE;
  }
  if (isSystemError(error)) {
    const tooMany = error.code === 'EMFILE' || error.code === 'ENFILE';
    const next = tooMany ? 'raise the limit of open files (ulimit -n)' : 'check the system, and try again';
    complain(`recordpipe: io-failure: ${visible(error.message)}\n  next: ${next}`);
    return IO_FAILURE;
  }
  complain(`recordpipe: internal error: ${stackOf(error)}\n  next: ${bugReport()}`);
  return INTERNAL_ERROR;
}

const MORE_MEMORY =
  'give the process more memory, or use less: fewer --jobs, a smaller --window, --memory or --max-record-size';

/** Whether the operating system refused something that no command expected it to refuse: too many open files, for example. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

/** With the causes. Control characters, which names of files may have, are escaped. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return visible(String(error));
  const stack = (error.stack ?? String(error)).split('\n').map(visible).join('\n');
  return error.cause instanceof Error && error.cause !== error
    ? `${stack}\n  cause: ${stackOf(error.cause)}`
    : stack;
}

function bugReport(): string {
  const { version, platform, arch } = process;
  return `this is a bug in recordpipe; please report it with this text, recordpipe ${packageVersion()}, Node ${version}, ${platform} ${arch}, and the command line`;
}

/** Commander has printed its own text already: help, version or what is wrong with the arguments. */
function nextStep({ code, message }: CommanderError): string | undefined {
  const [, option] = /^error: unknown option '(.+)'/.exec(message) ?? [];
  if (option !== undefined && existsSync(option)) return `the file of this name is ./${visible(option)}`;
  if (code !== 'commander.excessArguments') return undefined;
  return `this command takes one file; of many make one: recordpipe merge X… -o - | recordpipe ${process.argv[2]} - …`;
}

function helpCommand(): string {
  const [, , command = ''] = process.argv;
  return /^[a-z]+$/.test(command) ? `recordpipe ${command} --help` : 'recordpipe help';
}
