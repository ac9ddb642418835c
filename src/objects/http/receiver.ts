import type { AnswerHead } from './answer-head.ts';

/** Takes an answer as it comes. */
export interface Receiver {
  /** Once. What it throws ends the request. */
  onHead(head: AnswerHead): void;
  /** Where the next bytes of the body are to be put: at least one and at most `most` of them, in memory that nobody else writes to until they are there. */
  memory(most: number): Uint8Array;
  /** The bytes that have come, where {@link memory} wanted them. What it throws ends the request. */
  onData(bytes: Uint8Array): void;
  /** All bytes have come, or, where the answer did not say how many there are, the connection was closed. */
  onEnd(): void;
  /** Nothing more comes. */
  onFailure(error: Error): void;
}
