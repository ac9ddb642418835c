import { CommanderError } from 'commander';
import { errorText } from './advice.ts';
import { IO_FAILURE, OK, USAGE } from './exit-codes.ts';
import { interruptedBy } from './interrupt.ts';
import { ClosedOutput, complain } from './output.ts';

/** Says what went wrong, on standard error; the exit code for it. */
export async function fail(error: unknown): Promise<number> {
  const signal = interruptedBy();
  if (signal !== undefined) return signal;
  if (error instanceof ClosedOutput) return OK;
  // Commander has printed its own text already: help, version or what is wrong with the arguments.
  if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
  const { isRecordpipeError } = await import('recordpipe');
  if (isRecordpipeError(error)) {
    complain(errorText(error));
    const { exitCodeOf } = await import('./error-exit-code.ts');
    return exitCodeOf(error.code);
  }
  if (error instanceof RangeError || error instanceof TypeError) {
    complain(`recordpipe: ${error.message}\n  next: recordpipe help shows what is accepted`);
    return USAGE;
  }
  complain(`recordpipe: unexpected: ${error instanceof Error ? error.stack : String(error)}`);
  return IO_FAILURE;
}
