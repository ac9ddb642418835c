import { redacted, redactedCause } from '../redact.ts';

/**
 * - `transient`: worth another attempt on a new connection (5xx, 408, resets, short bodies, time-outs);
 * - `throttled`: the same, but the service requests a lower rate (503 SlowDown, 429);
 * - `expired`: credentials have expired: retried once, with new ones;
 * - `changed`: the object is no longer the requested one (412, another ETag);
 * - `missing`: 404; - `denied`: 401, 403; - `fatal`: everything else that another attempt would not change;
 * - `aborted`: the signal fired.
 */
export type FetchFailureKind =
  | 'transient'
  | 'throttled'
  | 'expired'
  | 'changed'
  | 'missing'
  | 'denied'
  | 'fatal'
  | 'aborted';

/** Why one attempt of a request failed. Internal: users get a RecordpipeError. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly kind: FetchFailureKind;
  /** What the service calls it, like `SlowDown` or `AccessDenied`; the system's code, like `ECONNRESET`. */
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The service's Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FetchFailureKind,
    message: string,
    details: {
      readonly code?: string | undefined;
      readonly status?: number | undefined;
      readonly requestId?: string | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(
      redacted(message),
      details.cause === undefined ? undefined : { cause: redactedCause(details.cause) },
    );
    this.kind = kind;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}
