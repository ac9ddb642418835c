import { isItemFailure, isRecordpipeError, type RecordpipeError } from '../../src/errors.ts';
import type { RecordBatch } from '../../src/formats/batch.ts';
import { newReadStats } from '../../src/formats/corruption.ts';
import { TextLineDecoder } from '../../src/formats/textline/decoder.ts';
import { textLineReading } from '../../src/formats/textline/options.ts';
import { LineTableScanner, sharedLineScanner } from '../../src/formats/textline/scanner.ts';
import type { TextLineReadOptions } from '../../src/records/textline.ts';
import type { Outcome } from './outcome.ts';
import { textLineWays } from './ways.ts';

/**
 * Splits chunks into lines with the decoder alone: with the kernel, or with `table` in JavaScript.
 */
export function cutChunks(
  chunks: Iterable<Uint8Array>,
  given: Partial<TextLineReadOptions> = {},
  table = false,
): Outcome {
  const outcome: Outcome = { payloads: [], offsets: [], error: undefined };
  const decoder = new TextLineDecoder(
    textLineReading.readOptions(given),
    {},
    newReadStats(),
    table ? (cutting) => new LineTableScanner(cutting) : sharedLineScanner,
  );
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) take(outcome, batch);
  };
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      drain();
    }
    decoder.end();
    drain();
  } catch (error) {
    outcome.error = typed(error);
  }
  return outcome;
}

export const decodeLines: typeof textLineWays.decodeAll = textLineWays.decodeAll;
export const readLines: typeof textLineWays.readAll = textLineWays.readAll;

/** Returns lines as strings, for short tests. */
export function texts({ payloads }: Outcome): string[] {
  return payloads.map((payload) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload));
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function take(outcome: Outcome, batch: RecordBatch): void {
  for (let i = 0; i < batch.length; i++) {
    outcome.payloads.push(batch.record(i).slice());
    outcome.offsets.push(batch.offset(i));
  }
}

/**
 * Returns the RecordpipeError that ended reading. Throws other errors: invalid options are mistakes
 * of the test, and anything else is a bug.
 */
function typed(error: unknown): RecordpipeError {
  if (isItemFailure(error) || isRecordpipeError(error, 'aborted')) return error;
  throw error;
}
