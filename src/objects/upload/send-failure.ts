import { FetchFailure } from '../fetch-failure.ts';
import { s3Failure } from '../s3/s3-failures.ts';

/** Answers that say that the bytes did not arrive as they were sent, or that somebody else wrote the object at the same moment: another attempt may do better. */
const ON_THE_WAY = new Set([
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'ConditionalRequestConflict',
]);

/** Why a request failed, as a kind that says whether to try again. @param aborted whether the caller's signal has fired, rather than the attempt's time run out */
export function sendFailure(error: unknown, aborted: boolean): FetchFailure {
  const failure = s3Failure(error);
  if (failure.kind === 'aborted') return aborted ? failure : again(failure, 'no answer in time');
  return failure.kind === 'fatal' && ON_THE_WAY.has(failure.code ?? '')
    ? again(failure, failure.message)
    : failure;
}

function again({ code, status, requestId, cause }: FetchFailure, text: string): FetchFailure {
  return new FetchFailure('transient', text, { code, status, requestId, cause });
}
