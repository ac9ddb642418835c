import { RecordpipeError } from '../errors.ts';

// Without a place: the reader knows which record was being read.

export function truncatedStream(kind: string): RecordpipeError {
  const text = `${kind}: the compressed stream ends too early; the file was cut short, or its writer was not closed`;
  return new RecordpipeError('truncated-compressed-stream', text);
}

export function corruptStream(kind: string, reason: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError(
    'corrupt-compressed-stream',
    `${kind}: the compressed stream is damaged: ${reason}`,
    {},
    cause,
  );
}
