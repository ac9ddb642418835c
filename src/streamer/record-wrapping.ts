import { RecordpipeError } from '../errors.ts';
import { PART_HEADER_BYTES, PART_LENGTH_END, RECORDIO_MAGIC } from '../framing/recordio-layout.ts';

/** RecordIO's header of a record in one part, and nothing escaped: every reader that goes from record to record understands it. */
export function wrapHeader(payloadBytes: number, uri: string): Uint8Array {
  if (payloadBytes >= PART_LENGTH_END) {
    const what = `${payloadBytes} bytes do not fit into a RecordIO record (at most ${PART_LENGTH_END - 1}); stream it without RecordWrapperType RecordIO, or cut it`;
    throw new RecordpipeError('record-too-large', what, { uri });
  }
  const header = new Uint8Array(PART_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, RECORDIO_MAGIC, true);
  view.setUint32(4, payloadBytes, true);
  return header;
}

const PADDING = [new Uint8Array(0), new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)];

/** The zeros behind a payload. */
export function wrapPadding(payloadBytes: number): Uint8Array {
  return PADDING[-payloadBytes & 3];
}
