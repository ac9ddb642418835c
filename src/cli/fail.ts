import { existsSync, readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { isOutOfMemory, isRecordpipeError, UsageError } from 'recordpipe/errors';
import { complainAbout, complainInJson, errorsAreJson } from './advice.ts';
import { usageInCliWords } from './cli-words.ts';
import { ConfigurationError } from './configuration/configuration-error.ts';
import { correction, originOf } from './configuration/configure.ts';
import { exitCodeOf, INTERNAL_ERROR, IO_FAILURE, OK, USAGE } from './exit-codes.ts';
import { interruptedBy } from './interrupt.ts';
import { complain, isClosedOutput } from './output.ts';
import { visible } from './text/format.ts';

/** Prints an error to standard error and returns its exit code. */
export async function fail(error: unknown): Promise<number> {
  const signal = interruptedBy();
  if (signal !== undefined) return signal;
  if (isClosedOutput(error)) return OK;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return OK;
    const isHelp = error.code === 'commander.help';
    // Commander appends a suggestion on a second line.
    const message = isHelp ? 'expected a command' : error.message.replace(/^error: /, '').replace('\n', ' ');
    // Without a command, Commander has printed the help.
    if (!isHelp || errorsAreJson()) complainWith('invalid-argument', message, nextStep(error));
    return USAGE;
  }
  if (error instanceof ConfigurationError) {
    complainWith(error.code, error.message, error.next);
    return USAGE;
  }
  if (error instanceof UsageError) {
    const { message, next } = usageTexts(usageInCliWords(error.message));
    complainWith(error.code, message, next);
    return USAGE;
  }
  if (isRecordpipeError(error)) {
    complainAbout(error);
    return exitCodeOf(error.code);
  }
  if (isOutOfMemory(error)) {
    complainWith('out of memory', (error as Error).message, MORE_MEMORY);
    return IO_FAILURE;
  }
  if (isSystemError(error)) {
    const tooMany = error.code === 'EMFILE' || error.code === 'ENFILE';
    const next = tooMany
      ? 'raise the limit on open files (ulimit -n)'
      : 'try again; if the error persists, check the limits and resources of the system';
    complainWith('io-failure', error.message, next);
    return IO_FAILURE;
  }
  const { sourceStack } = await import('./source-stack.ts');
  const stack = sourceStack(stackOf(error));
  if (errorsAreJson()) complainInJson({ code: 'internal-error', message: stack }, bugReport());
  else complain(`recordpipe: internal error: ${stack}\n  next: ${bugReport()}`);
  return INTERNAL_ERROR;
}

/** Prints an error that is not related to a file. The text of a usage error does not contain its code. */
function complainWith(code: string, message: string, next: string): void {
  const what = code === 'invalid-argument' ? '' : `${code}: `;
  if (errorsAreJson()) complainInJson({ code: code.replaceAll(' ', '-'), message }, next);
  else complain(`recordpipe: ${what}${shown(message)}\n  next: ${next}`);
}

/** Returns the message and the next step. Names the file or variable that set the wrong option. */
function usageTexts(message: string): { readonly message: string; readonly next: string } {
  const [, ...options] = /^(--[\w-]+):(?: expected (--[\w-]+))?/.exec(message) ?? [];
  const origin = options.map(originOf).findLast((one) => one !== undefined);
  if (origin === undefined) return { message, next: `run ${helpCommand()} for usage` };
  return { message: `${message} (set by ${origin})`, next: correction(origin) };
}

/** Escapes a message. That of a filter shows the expression on further lines. */
function shown(message: string): string {
  if (!message.startsWith('--where: ')) return visible(message);
  return message.split('\n').map(visible).join('\n');
}

const MORE_MEMORY =
  'allow the process more memory, or reduce --jobs, --window, --memory or --max-record-size';

/**
 * Reports whether an error is an operating system failure that no command expected, for example
 * because too many files are open.
 */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

/**
 * Returns the stack of an error with its causes. Escapes control characters, which file names may
 * contain.
 */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return visible(String(error));
  const stack = (error.stack ?? String(error)).split('\n').map(visible).join('\n');
  return error.cause instanceof Error && error.cause !== error
    ? `${stack}\n  cause: ${stackOf(error.cause)}`
    : stack;
}

/** Returns the version of this package. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function bugReport(): string {
  const { version, platform, arch } = process;
  return `this is a bug in recordpipe; please report it with this text, recordpipe ${packageVersion()}, Node ${version}, ${platform} ${arch}, and the command line`;
}

/** Returns the next step for an error of Commander. */
function nextStep({ code, message }: CommanderError): string {
  const [, option] = /^error: unknown option '(.+)'/.exec(message) ?? [];
  if (option !== undefined && existsSync(option)) return `if this is a file, write ./${visible(option)}`;
  if (message.startsWith(`error: unknown command '${process.argv[2]}'`))
    return 'run recordpipe help for usage';
  if (code !== 'commander.excessArguments') return `run ${helpCommand()} for usage`;
  return `this command takes one file; merge several files first: recordpipe merge X… -o - | recordpipe ${process.argv[2]} - …`;
}

function helpCommand(): string {
  const [, , command = ''] = process.argv;
  return /^[a-z]+$/.test(command) ? `recordpipe ${command} --help` : 'recordpipe help';
}
