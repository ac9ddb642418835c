import { type ErrorPlace, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';

/** A RecordpipeError on its way to another thread. */
interface SentError extends ErrorPlace {
  readonly recordpipeError: RecordpipeError['code'];
  readonly text: string;
  readonly stack: string | undefined;
}

/**
 * An error in a form that another thread can receive: structured cloning drops classes and codes, and fails for
 * some values.
 */
export function packError(error: unknown): unknown {
  if (error instanceof RecordpipeError) {
    const { code, uri, record, offset, compressed, stack } = error;
    return {
      recordpipeError: code,
      text: sentenceOf(error),
      uri,
      record,
      offset,
      compressed,
      stack,
    } satisfies SentError;
  }
  // A DOMException cannot be cloned.
  if (error instanceof DOMException) return new Error(error.message);
  try {
    return structuredClone(error);
  } catch {
    return new Error(String(error));
  }
}

/** The error that `packError` was given, with the stack of its own thread. */
export function unpackError(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null || !('recordpipeError' in sent)) return sent;
  const { recordpipeError: code, text, stack, ...place } = sent as SentError;
  const error = code === 'invalid-argument' ? new UsageError(text) : new RecordpipeError(code, text, place);
  if (stack !== undefined) error.stack = stack;
  return error;
}
