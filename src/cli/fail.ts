import { existsSync } from 'node:fs';
import { CommanderError } from 'commander';
import { isRecordpipeError, UsageError } from 'recordpipe/errors';
import { errorText } from './advice.ts';
import { INTERNAL_ERROR, OK, USAGE } from './exit-codes.ts';
import { interruptedBy } from './interrupt.ts';
import { ClosedOutput, complain } from './output.ts';
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
  overwrite: '--force',
  skip: '--if-changed',
};

/** Says what went wrong, on standard error; the exit code for it. */
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
    const { exitCodeOf } = await import('./error-exit-code.ts');
    return exitCodeOf(error.code);
  }
  complain(`recordpipe: unexpected: ${error instanceof Error ? error.stack : String(error)}`);
  return INTERNAL_ERROR;
}

/** Commander has printed its own text already: help, version or what is wrong with the arguments. */
function nextStep({ code, message }: CommanderError): string | undefined {
  const [, option] = /^error: unknown option '(.+)'/.exec(message) ?? [];
  if (option !== undefined && existsSync(option)) return `the file of this name is ./${visible(option)}`;
  if (code !== 'commander.excessArguments') return undefined;
  return `this command takes one file; of many make one: recordpipe merge X… -o - | recordpipe ${process.argv[2]} - …`;
}

function helpCommand(): string {
  const command = process.argv[2];
  return /^[a-z]+$/.test(command) ? `recordpipe ${command} --help` : 'recordpipe help';
}
