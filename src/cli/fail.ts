import { existsSync } from 'node:fs';
import { CommanderError } from 'commander';
import { isRecordpipeError, UsageError } from 'recordpipe/errors';
import { errorText } from './advice.ts';
import { INTERNAL_ERROR, OK, USAGE } from './exit-codes.ts';
import { interruptedBy } from './interrupt.ts';
import { usageInCliWords } from './option-names.ts';
import { ClosedOutput, complain } from './output.ts';
import { visible } from './visible.ts';

/** Prints an error on standard error. Returns its exit code. */
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
    complain(
      `recordpipe: ${visible(usageInCliWords(error.message))}\n  next: ${helpCommand()} shows the usage`,
    );
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

/** The next step for an error that Commander has printed already. */
function nextStep({ code, message }: CommanderError): string | undefined {
  const [, option] = /^error: unknown option '(.+)'/.exec(message) ?? [];
  if (option !== undefined && existsSync(option)) return `to name the file, write ./${visible(option)}`;
  if (code !== 'commander.excessArguments') return undefined;
  return `this command takes one file; merge several first: recordpipe merge X… -o - | recordpipe ${process.argv[2]} - …`;
}

function helpCommand(): string {
  const command = process.argv[2];
  return /^[a-z]+$/.test(command) ? `recordpipe ${command} --help` : 'recordpipe help';
}
