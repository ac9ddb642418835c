import { readU32 } from '../../bytes/little-endian.ts';
import type { FormatName } from '../../formats/registry.ts';
import { headerAt } from '../../messages/image-header.ts';
import { EVENT, EXAMPLE_LIST_WITH_CONTEXT, MessageReader, RECORD } from './message-reader.ts';
import { KIND, NONE, RecordOutline } from './record-outline.ts';
import { isTextAt } from './text.ts';

/**
 * What a record is, by its content:
 * - `Example` and `SequenceExample` of TensorFlow,
 * - `ExampleListWithContext` of TF-Ranking,
 * - `Event` of TensorBoard's event files,
 * - `Record`, aialgs.data.Record: SageMaker's recordio-protobuf,
 * - `IRHeader`, MXNet's header with labels and ids, followed by an image or other bytes,
 * - `protobuf`, a message of another type,
 * - `text`, UTF-8 without control characters,
 * - `binary`, anything else.
 */
export type RecordType =
  | 'Example'
  | 'SequenceExample'
  | 'ExampleListWithContext'
  | 'Event'
  | 'Record'
  | 'IRHeader'
  | 'protobuf'
  | 'text'
  | 'binary';

/** What a record is, and a description for people. */
export interface RecognizedRecord {
  readonly type: RecordType;
  /** Such as `protobuf message of unknown type (fields 1, 2)`. */
  readonly description: string;
}

const IR_HEADER_BYTES = 24;
const MAX_SHOWN_FIELDS = 16;

/** Recognizes records, without allocating anything for an Example. */
export class RecordRecognizer {
  /** The features of the last record, where it is an Example or SequenceExample. */
  readonly outline: RecordOutline = new RecordOutline();
  readonly #reader = new MessageReader();
  readonly #fields = new Set<number>();

  /** @param format of the source: lines are text or binary, and RecordIO may hold an IRHeader before any payload */
  recognize(bytes: Uint8Array, from: number, to: number, format: FormatName | undefined): RecordType {
    if (format === 'textline') return from === to || isTextAt(bytes, from, to) ? 'text' : 'binary';
    const { outline } = this;
    const is = outline.read(bytes, from, to);
    if (is && !outline.isOdd) return outline.isSequence ? 'SequenceExample' : 'Example';
    // Always in this order, so that the type does not depend on the records before. Each check fails within a few bytes.
    const known = OTHERS.find((type) => this.#is(type, bytes, from, to, format));
    if (known !== undefined && !(is && UNCERTAIN.has(known))) return known;
    if (is) return outline.isSequence ? 'SequenceExample' : 'Example';
    return 'binary';
  }

  /** What the last record is, in words. Call it before the next one is recognized. */
  describe(type: RecordType): string {
    if (type === 'text') return 'text';
    if (type !== 'protobuf' && type !== 'binary') return type;
    const { problem, featureCount, features } = this.outline;
    const isBegun = problem !== '' && featureCount > 0 && features[KIND] !== NONE;
    const damage = isBegun ? `; it begins as an Example and is ${problem}` : '';
    if (type === 'binary') return `binary data${damage}`;
    const fields = [...this.#fields].sort((a, b) => a - b);
    const more = fields.length > MAX_SHOWN_FIELDS ? ', …' : '';
    const shown = fields.slice(0, MAX_SHOWN_FIELDS).join(', ');
    return `protobuf message of unknown type (field${fields.length === 1 ? '' : 's'} ${shown}${more})${damage}`;
  }

  #is(type: Other, bytes: Uint8Array, from: number, to: number, format: FormatName | undefined): boolean {
    const seen = this.#fields;
    const reader = this.#reader;
    switch (type) {
      case 'ExampleListWithContext':
        return reader.matches(EXAMPLE_LIST_WITH_CONTEXT, bytes, from, to);
      case 'Record':
        seen.clear();
        return reader.matches(RECORD, bytes, from, to, seen) && (seen.has(1) || seen.has(2));
      case 'Event':
        seen.clear();
        // A time, and something that happened then.
        return reader.matches(EVENT, bytes, from, to, seen) && seen.has(1) && seen.size > 1;
      case 'IRHeader':
        return isIRHeader(bytes, from, to, format);
      case 'text':
        return isTextAt(bytes, from, to);
      case 'protobuf':
        return this.#isProtobuf(bytes, from, to);
    }
  }

  #isProtobuf(bytes: Uint8Array, from: number, to: number): boolean {
    const reader = this.#reader;
    this.#fields.clear();
    reader.bytes = bytes;
    for (let at = from; at < to; ) {
      at = reader.next(at, to);
      if (at < 0) return false;
      this.#fields.add(reader.tag >>> 3);
    }
    return true;
  }
}

type Other = Exclude<RecordType, 'Example' | 'SequenceExample' | 'binary'>;

/** In the order of certainty: an earlier one wins. */
const OTHERS: readonly Other[] = [
  'ExampleListWithContext',
  'Record',
  'Event',
  'IRHeader',
  'text',
  'protobuf',
];
/** What an odd Example may look like without being it. */
const UNCERTAIN: ReadonlySet<Other> = new Set(['text', 'protobuf']);

/** An image after the header is certain; other payloads count in RecordIO, where the header's numbers are plausible. */
function isIRHeader(bytes: Uint8Array, from: number, to: number, format: FormatName | undefined): boolean {
  if (to - from < IR_HEADER_BYTES) return false;
  const labels = readU32(bytes, from);
  const payload = from + IR_HEADER_BYTES + 4 * labels;
  if (payload > to) return false;
  if (headerAt(bytes, payload, to) !== undefined) return true;
  if (format !== 'recordio') return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, IR_HEADER_BYTES);
  const label = Math.abs(view.getFloat32(4, true));
  const isLabel = label === 0 || (label > 1e-6 && label < 1e9);
  // Ids are below 2^48, and the second one is 0.
  return isLabel && view.getUint16(14, true) === 0 && view.getBigUint64(16, true) === 0n;
}

let shared: RecordRecognizer | undefined;

/**
 * Tells what a record is by its content. A record is of a message type only if every field in it belongs to that type, at
 * every depth. Empty records and SequenceExamples without feature lists are Examples, because they have the same bytes.
 *
 * @param format of the file, if known: lines of text are `text` or `binary`, and an IRHeader is expected in RecordIO
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/messages';
 * import { recognizeRecord } from 'recordpipe/check';
 * console.log(recognizeRecord(encodeExample({ x: { kind: 'int64', value: [1] } })).type); // Example
 * console.log(recognizeRecord(Uint8Array.of(58, 1, 0)).description); // protobuf message of unknown type (field 7)
 * ```
 */
export function recognizeRecord(record: Uint8Array, format?: FormatName): RecognizedRecord {
  shared ??= new RecordRecognizer();
  const type = shared.recognize(record, 0, record.length, format);
  const description = shared.describe(type);
  shared.outline.bytes = NOTHING;
  return { type, description };
}

const NOTHING = new Uint8Array(0);
