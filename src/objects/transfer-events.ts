/** What happens on the way and is no failure. */
export type TransferEvent =
  | {
      readonly type: 'retry';
      readonly uri: string;
      /** First byte that is asked for again, and behind the last one. */
      readonly start: number;
      readonly end: number | undefined;
      /** Attempts in a row that brought no byte. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly requestId: string | undefined;
    }
  /** The service asked for fewer requests; `limit` is how many this process has under way from now on. */
  | { readonly type: 'throttled'; readonly uri: string; readonly limit: number }
  /** The object was overwritten before a byte of it had been handed out, and is read from its beginning in its new state. */
  | { readonly type: 'restarted'; readonly uri: string; readonly reason: string }
  /** `verifyObject` was asked for and could not be done. */
  | { readonly type: 'unverified'; readonly uri: string; readonly reason: string }
  /** An object was left out because `onObjectError` said so. */
  | { readonly type: 'skipped'; readonly uri: string; readonly error: Error };

/** Told of what happens on the way; whatever it throws is its own matter and ends the transfer. */
export type OnTransferEvent = (event: TransferEvent) => void;
