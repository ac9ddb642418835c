import { readU32 } from '../../bytes/binary-data.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { FeatureIndex } from '../../messages/example/feature-index.ts';
import { NONE } from '../../messages/example/list-cursor.ts';
import { headerAt } from '../../messages/image-header.ts';
import { EVENT, EXAMPLE_LIST_WITH_CONTEXT, MessageReader, RECORD } from './message-reader.ts';
import { isTextAt } from './text.ts';

/**
 * Type of a record, detected from its content:
 * - `Example` and `SequenceExample` of TensorFlow,
 * - `ExampleListWithContext` of TF-Ranking,
 * - `Event` of TensorBoard's event files,
 * - `Record`, aialgs.data.Record: SageMaker's recordio-protobuf,
 * - `IRHeader`, MXNet's header with labels and ids, followed by an image or other bytes,
 * - `protobuf`, a message of any other type,
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

/** Type and description of a record. */
export interface RecognizedRecord {
  /** Type of the record. */
  readonly type: RecordType;
  /** Description of the record, such as `protobuf message of unknown type (fields 1, 2)`. */
  readonly description: string;
}

const IR_HEADER_BYTES = 24;
const MAX_SHOWN_FIELDS = 16;

/** Recognizes records. It does not allocate memory for an Example. */
export class RecordRecognizer {
  /** Features of the last record, if it is an Example or SequenceExample. */
  readonly index: FeatureIndex = new FeatureIndex();
  readonly #reader = new MessageReader();
  readonly #fields = new Set<number>();

  /**
   * Detects the type of the record at [from, to) of `bytes`.
   *
   * @param format of the source: lines are text or binary, and in RecordIO an IRHeader may precede
   *   any payload
   */
  recognize(bytes: Uint8Array, from: number, to: number, format: FormatName | undefined): RecordType {
    if (format === 'textline') return from === to || isTextAt(bytes, from, to) ? 'text' : 'binary';
    const { index } = this;
    const isExample = index.read(bytes, from, to);
    const example = index.isSequence ? 'SequenceExample' : 'Example';
    if (isExample && !index.isOdd) return example;
    // The order is fixed, so that the type does not depend on earlier records. A failing check ends
    // within a few bytes.
    const known = OTHERS.find((type) => this.#is(type, bytes, from, to, format));
    if (known !== undefined && !(isExample && UNCERTAIN.has(known))) return known;
    return isExample ? example : 'binary';
  }

  /** Describes the last record. Call only before the next record is recognized. */
  describe(type: RecordType): string {
    if (type === 'text') return 'text';
    if (type !== 'protobuf' && type !== 'binary') return type;
    const { index } = this;
    const isBegun = index.problem !== '' && index.featureCount > 0 && index.kind(0) !== NONE;
    const damage = isBegun ? `; it begins like an Example but is ${index.problem}` : '';
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
        // An event has a time and at least one other field.
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
    for (reader.reset(bytes, from); reader.step(to); ) this.#fields.add(reader.tag >>> 3);
    return reader.fault === undefined;
  }
}

type Other = Exclude<RecordType, 'Example' | 'SequenceExample' | 'binary'>;

/** Other types in descending order of certainty: the first match determines the type. */
const OTHERS: readonly Other[] = [
  'ExampleListWithContext',
  'Record',
  'Event',
  'IRHeader',
  'text',
  'protobuf',
];
/** Types that an odd Example may match by chance. */
const UNCERTAIN: ReadonlySet<Other> = new Set(['text', 'protobuf']);

/**
 * Reports whether a record begins with an IRHeader. An image after the header is certain evidence.
 * Any other payload is accepted only in RecordIO, if the numbers of the header are plausible.
 */
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
  // Ids must be less than 2^48, and the second id must be 0.
  return isLabel && view.getUint16(14, true) === 0 && view.getBigUint64(16, true) === 0n;
}

let shared: RecordRecognizer | undefined;

/**
 * Detects the type of a record from its content. A record has a message type only if every field in
 * it belongs to that type, at every depth. An empty record and a SequenceExample without feature
 * lists are Examples, because their bytes are identical.
 *
 * @param format of the file, if known: lines of text are `text` or `binary`, and an IRHeader is
 *   expected in RecordIO
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
  shared.index.close();
  return { type, description };
}
