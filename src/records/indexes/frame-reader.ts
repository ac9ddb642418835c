/** Checks frames of one file and finds the payloads in them. */
export interface FrameReader {
  /** Bytes before a frame that are wanted as well, to see that a record may begin there; the first frame has none. */
  readonly before: number;
  /** How many of a frame's first bytes `headFits` wants. */
  readonly headBytes: number;
  /** Whether `bytes[at, …)`, as many of them as `headBytes` or the whole frame, begin a frame of so many bytes. */
  headFits(bytes: Uint8Array, at: number, frameBytes: number, record: number): boolean;
  /**
   * The payload of the frame `bytes[at, at + frameBytes)`, with everything checked that the format has for it: a view, or new memory where it has to be
   * put together.
   * @param offset position of the frame in the file
   * @throws RecordpipeError `index-mismatch` where no such frame lies there, else what is wrong with it
   */
  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array;
}
