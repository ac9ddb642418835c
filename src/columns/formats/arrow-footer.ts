import { malformedTable } from './arrow-elements.ts';
import { readArrowMessage } from './arrow-metadata.ts';
import type { TableSource } from './table-format.ts';

/** The length of the footer, and `ARROW1`. */
const TAIL_BYTES = 10;
const CONTINUATION = 0xffffffff;
/** Size of the part of a message before the footer that it contains. */
const MESSAGE_BYTES = 32;

/**
 * Returns the schema in the footer of an Arrow file, as a message. The apache-arrow package writes
 * files that do not start with their schema, although the format requires it.
 *
 * @throws RecordpipeError `malformed-table` if the footer is corrupt, or if the source is a pipe
 */
export async function schemaOfFooter(source: TableSource): Promise<Uint8Array> {
  const { byteLength, uri } = source;
  if (byteLength === undefined)
    throw malformedTable(
      'the Arrow file has its schema only at the end, so it cannot be read from a pipe',
      uri,
    );
  const tail = await source.slice(Math.max(0, byteLength - TAIL_BYTES), byteLength);
  const size = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const start = byteLength - TAIL_BYTES - size;
  if (start < 0) throw malformedTable('the footer of the Arrow file is corrupt', uri);
  const message = messageOf(await source.slice(start, byteLength - TAIL_BYTES));
  const checked = message && readArrowMessage(message.subarray(8));
  if (message === undefined || typeof checked !== 'object' || checked.kind !== 'schema')
    throw malformedTable(`the footer of the Arrow file is corrupt: ${checked ?? 'it has no schema'}`, uri);
  return message;
}

/**
 * Returns a message whose header is the schema of a footer. References in flatbuffers are relative,
 * so the footer can follow a message that refers into it.
 */
function messageOf(footer: Uint8Array): Uint8Array | undefined {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const inside = (at: number, size: number): boolean => at >= 0 && at + size <= footer.length;
  if (!inside(0, 4)) return undefined;
  const table = view.getUint32(0, true);
  if (!inside(table, 4)) return undefined;
  const slots = table - view.getInt32(table, true);
  // The schema is slot 1 of Footer.
  if (!inside(slots, 8)) return undefined;
  const field = table + view.getUint16(slots + 6, true);
  if (field === table || !inside(field, 4)) return undefined;
  const schema = field + view.getUint32(field, true);
  const size = (MESSAGE_BYTES + footer.length + 7) & ~7;
  const bytes = new Uint8Array(8 + size);
  const out = new DataView(bytes.buffer, 8);
  new DataView(bytes.buffer).setUint32(0, CONTINUATION, true);
  new DataView(bytes.buffer).setUint32(4, size, true);
  out.setUint32(0, 16, true);
  // The slots of Message: version at 10, type of header at 8, header at 4, and no length of a body.
  [12, 12, 10, 8, 4, 0].forEach((value, i) => {
    out.setUint16(4 + 2 * i, value, true);
  });
  out.setInt32(16, 12, true);
  out.setUint32(20, MESSAGE_BYTES + schema - 20, true);
  out.setUint8(24, 1);
  out.setInt16(26, 4, true);
  bytes.set(footer, 8 + MESSAGE_BYTES);
  return bytes;
}
