/** Turns payloads into frames of one format, for one writer. */
export interface Framer {
  /**
   * Bytes that the frame of this payload takes, exactly.
   * @throws RecordpipeError `record-too-large`, `unrepresentable`, or UsageError, for a payload that the format cannot hold
   */
  frameBytes(payload: Uint8Array): number;
  /** `count` buffers in memory where framing is fast. Called at most once. */
  buffers(bytes: number, count: number): readonly Uint8Array[];
  /** Gives the buffers up. With `reusable`, the next writer may get them: no write of them is in progress. */
  release(reusable: boolean): void;
  /** Writes the frame into one of the buffers, which has room for it. */
  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void;
  /** The frame in memory of its own: for those that are larger than a buffer. */
  encode(payload: Uint8Array): Uint8Array;
}
