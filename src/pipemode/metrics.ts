/** What one iteration of a channel has come to so far. */
export interface PipeModeMetrics {
  readonly channel: string;
  /** Index of the pipe; undefined as long as none was taken, and where files are read. */
  readonly epoch: number | undefined;
  /** Records handed out. */
  readonly records: number;
  /** Their bytes. */
  readonly payloadBytes: number;
  /** Corrupted places passed over. */
  readonly corrupted: number;
  /** Milliseconds from the beginning of the iteration until the pipe was open. */
  readonly openMs: number;
  /** Milliseconds in which bytes were awaited. */
  readonly waitMs: number;
  /** Milliseconds spent on records: waiting, checking and cutting; the consumer's own time not included. */
  readonly readMs: number;
  /** Payload bytes per second of `readMs`, in units of 2^30, as SageMaker's lines give it. */
  readonly gibibytesPerSecond: number;
  /** How the iteration ended, or `reading`. `left`: the consumer ended it. */
  readonly outcome: 'reading' | 'end' | 'left' | 'failed';
}
