/** Turns payloads into frames of one format, for one writer. */
export interface Framer {
  /**
   * Bytes that the frame of this payload takes, exactly.
   * @throws RecordpipeError `record-too-large`, `unrepresentable`, or UsageError, for a payload that the format cannot hold
   */
  frameBytes(payload: Uint8Array): number;
  /** `count` buffers in memory where framing is fast. */
  buffers(bytes: number, count: number): Uint8Array[];
  /** Writes the frame into one of the buffers, which has room for it. */
  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void;
  /** The frame in memory of its own: for those that are larger than a buffer. */
  encode(payload: Uint8Array): Uint8Array;
}
