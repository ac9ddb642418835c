/** What a transfer has done until now. */
export interface TransferStats {
  /** Requests sent, further attempts included. */
  readonly requests: number;
  /** Further attempts. */
  readonly retries: number;
  /** Answers that asked for fewer requests. */
  readonly throttles: number;
  /** Ranges received completely. */
  readonly parts: number;
  /** Bytes received. */
  readonly bytes: number;
  /** Objects handed out completely, verified, and asked to be but without a checksum at the service. */
  readonly objects: number;
  readonly verified: number;
  readonly unverified: number;
  /** Objects that had been overwritten and were begun anew. */
  readonly restarts: number;
  /** For how long the reader waited for bytes: the source is the bottleneck. */
  readonly readerWaitedMs: number;
  /** For how long requests were held back because the window was full: the reader is the bottleneck. */
  readonly sourceWaitedMs: number;
  /** Bytes held or on their way now, and at most until now. */
  readonly heldBytes: number;
  readonly mostHeldBytes: number;
  /** Requests under way now, and at most until now. */
  readonly underWay: number;
  readonly mostUnderWay: number;
}

export type TransferCounts = { -readonly [K in keyof TransferStats]: TransferStats[K] };

export function newTransferCounts(): TransferCounts {
  return {
    requests: 0,
    retries: 0,
    throttles: 0,
    parts: 0,
    bytes: 0,
    objects: 0,
    verified: 0,
    unverified: 0,
    restarts: 0,
    readerWaitedMs: 0,
    sourceWaitedMs: 0,
    heldBytes: 0,
    mostHeldBytes: 0,
    underWay: 0,
    mostUnderWay: 0,
  };
}
