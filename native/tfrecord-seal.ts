// Writes the frame around a payload.
import { crc32c } from './crc32c';
import { HEADER_BYTES, lengthCrc, mask } from './tfrecord-frame';

/** Writes header and footer of the frame with a payload of `length` bytes at `frame` + 12. */
export function sealTFRecord(frame: usize, length: u32): void {
  const payload = frame + HEADER_BYTES;
  store<u32>(frame, length);
  store<u32>(frame, 0, 4);
  store<u32>(frame, mask(lengthCrc(length, 0)), 8);
  store<u32>(payload + length, mask(crc32c(payload, length, 0)));
}
