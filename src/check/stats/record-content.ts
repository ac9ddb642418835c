import { decodeExample, decodeSequenceExample } from '../../messages/example/decode-example.ts';
import type { Feature } from '../../messages/example/feature.ts';
import type { ValueSink } from '../../messages/example/feature-values.ts';
import { headerAt } from '../../messages/image-header.ts';
import { unpackIR } from '../../messages/ir-header.ts';
import { decodeSageMakerRecord } from '../../messages/sagemaker/decode-record.ts';
import type { SageMakerValue } from '../../messages/sagemaker/record.ts';
import { EVENT, EXAMPLE_LIST_WITH_CONTEXT, MessageReader, type MessageValue } from './message-reader.ts';
import type { RecordType } from './record-type.ts';

/**
 * Values of one field of a record: a feature of an Example, or the corresponding field of another
 * message.
 */
export type FieldValue =
  | Feature<'bigint'>
  | {
      /** Type of the numbers. */
      readonly kind: 'float64';
      /** The numbers. */
      readonly value: Float64Array;
    }
  | {
      /** Type of the numbers. */
      readonly kind: 'int32';
      /** The numbers. */
      readonly value: Int32Array;
    };

/** The fields of a record by name, whatever its message type. */
export interface RecordContent {
  /** Features of an Example or of the context. */
  readonly features: ReadonlyMap<string, FieldValue>;
  /**
   * Feature lists, with one value for each step of a SequenceExample or for each example of an
   * ExampleListWithContext.
   */
  readonly featureLists: ReadonlyMap<string, readonly FieldValue[]>;
}

/** Receives the values of a field. Only records that are not Examples have 64-bit floats. */
export interface FieldSink extends ValueSink {
  float64(value: number): void;
}

/** Sends the values of a field to `sink`. */
export function sendField(field: FieldValue, sink: FieldSink): void {
  switch (field.kind) {
    case 'bytes':
      for (const one of field.value) sink.value(one, 0, one.length);
      break;
    case 'float': {
      const { buffer, byteOffset, byteLength } = field.value;
      sink.floats(new Uint8Array(buffer, byteOffset, byteLength), 0, byteLength);
      break;
    }
    case 'float64':
      for (const one of field.value) sink.float64(one);
      break;
    case 'int32':
      for (const one of field.value) sink.int64(one >> 31, one >>> 0);
      break;
    case 'int64':
      for (const one of field.value) sink.int64(Number(one >> 32n), Number(one & 0xffffffffn));
  }
}

/** Type of a record that has named fields. */
export type MessageType = Exclude<RecordType, 'protobuf' | 'text' | 'binary'>;

/**
 * Reports whether records of a type have named fields.
 *
 * @example
 * ```ts
 * import { isMessageType } from 'recordpipe/check';
 * console.log(isMessageType('Example'), isMessageType('text')); // true false
 * ```
 */
export function isMessageType(type: RecordType): type is MessageType {
  return type !== 'protobuf' && type !== 'text' && type !== 'binary';
}

const NO_LISTS: ReadonlyMap<string, readonly FieldValue[]> = new Map();

/**
 * Returns the fields of a record by name.
 *
 * - ExampleListWithContext: features of the context. Each feature list has one step per example,
 *   which is of kind `none` if the example lacks the feature.
 * - Record: `features/NAME` and `label/NAME`, with `/keys` and `/shape` for tensors that have them,
 *   and `uid`, `metadata` and `configuration`.
 * - IRHeader: `label`, `id`, `id2` unless it is 0, and `payload`.
 * - Event: `wall_time`, `step`, and each summary by its tag. Scalars and tensors are numbers,
 *   images are encoded bytes, and a histogram has only its minimum and maximum.
 *
 * Bytes are views of the record.
 *
 * @param type as `recognizeRecord` returns it
 * @throws RecordpipeError `malformed-example` for a record of a different type
 * @example
 * ```ts
 * import { packIR } from 'recordpipe';
 * import { recordContent } from 'recordpipe/check';
 * const { features } = recordContent(packIR({ label: 3, id: 7 }, new Uint8Array(2)), 'IRHeader');
 * console.log([...features.keys()]); // [ 'label', 'id', 'payload' ]
 * ```
 */
export function recordContent(record: Uint8Array, type: MessageType): RecordContent {
  switch (type) {
    case 'Example':
      return { features: decodeExample(record), featureLists: NO_LISTS };
    case 'SequenceExample': {
      const { context, featureLists } = decodeSequenceExample(record);
      return { features: context, featureLists };
    }
    case 'ExampleListWithContext':
      return exampleListContent(record);
    case 'Record':
      return { features: sageMakerFields(record), featureLists: NO_LISTS };
    case 'IRHeader':
      return { features: headerFields(record), featureLists: NO_LISTS };
    case 'Event':
      return { features: eventFields(readEvent(record)), featureLists: NO_LISTS };
  }
}

function exampleListContent(record: Uint8Array): RecordContent {
  const { examples = [], context } = readExampleList(record);
  const featureLists = new Map<string, FieldValue[]>();
  for (const [i, example] of examples.entries()) {
    for (const [name, feature] of decodeExample(example)) {
      // Every list has one step for each example.
      const steps =
        featureLists.get(name) ?? Array.from<FieldValue>({ length: examples.length }).fill(NO_VALUE);
      steps[i] = feature;
      featureLists.set(name, steps);
    }
  }
  return { features: context === undefined ? new Map() : decodeExample(context), featureLists };
}

/** An ExampleListWithContext whose Examples are bytes. */
export interface ExampleListMessage {
  readonly examples?: readonly Uint8Array[];
  readonly context?: Uint8Array;
}

export function readExampleList(record: Uint8Array): ExampleListMessage {
  return new MessageReader().read(EXAMPLE_LIST_WITH_CONTEXT, record, 0, record.length);
}

export function readEvent(record: Uint8Array): EventMessage {
  return new MessageReader().read(EVENT, record, 0, record.length) as EventMessage;
}

function sageMakerFields(record: Uint8Array): Map<string, FieldValue> {
  const { features, label, uid, metadata, configuration } = decodeSageMakerRecord(record, {
    uint64: 'bigint',
  });
  const fields = new Map<string, FieldValue>();
  for (const [name, value] of label) addTensor(fields, `label/${name}`, value);
  for (const [name, value] of features) addTensor(fields, `features/${name}`, value);
  for (const [name, text] of Object.entries({ uid, metadata, configuration }))
    if (text !== undefined) fields.set(name, textField(text));
  return fields;
}

function addTensor(fields: Map<string, FieldValue>, name: string, value: SageMakerValue<'bigint'>): void {
  switch (value.kind) {
    case 'none':
      fields.set(name, NO_VALUE);
      return;
    case 'bytes':
      fields.set(name, { kind: 'bytes', value: value.values });
      return;
    case 'float32':
      fields.set(name, { kind: 'float', value: value.values });
      break;
    case 'float64':
      fields.set(name, { kind: 'float64', value: value.values });
      break;
    default:
      fields.set(name, { kind: 'int32', value: value.values });
  }
  for (const [part, numbers] of [
    ['keys', value.keys],
    ['shape', value.shape],
  ] as const)
    if (numbers.length > 0) fields.set(`${name}/${part}`, { kind: 'int64', value: signed(numbers) });
}

const NO_VALUE: FieldValue = { kind: 'none', value: [] };

function signed(values: BigUint64Array): BigInt64Array {
  return new BigInt64Array(values.buffer, values.byteOffset, values.length);
}

function textField(text: string): FieldValue {
  return { kind: 'bytes', value: [new TextEncoder().encode(text)] };
}

function headerFields(record: Uint8Array): Map<string, FieldValue> {
  const { label, id, id2, payload } = unpackIR(record);
  const labels = typeof label === 'number' ? Float32Array.of(label) : label;
  return new Map<string, FieldValue>([
    ['label', { kind: 'float', value: labels }],
    ['id', { kind: 'int64', value: BigInt64Array.of(BigInt.asIntN(64, id)) }],
    ...(id2 === 0n
      ? []
      : [['id2', { kind: 'int64', value: BigInt64Array.of(BigInt.asIntN(64, id2)) }] as const]),
    ['payload', { kind: 'bytes', value: [payload] }],
  ]);
}

/** An Event with the field names of the JSON mapping. */
export interface EventMessage extends MessageValue {
  readonly wallTime?: number;
  readonly step?: bigint;
  readonly fileVersion?: string;
  readonly graphDef?: Uint8Array;
  readonly metaGraphDef?: Uint8Array;
  readonly summary?: { readonly value?: readonly SummaryValue[] };
  readonly logMessage?: { readonly message?: string };
  readonly sessionLog?: { readonly status?: string | number; readonly checkpointPath?: string };
  readonly taggedRunMetadata?: { readonly tag?: string; readonly runMetadata?: Uint8Array };
}

/** A value of a summary. */
interface SummaryValue {
  readonly tag?: string;
  readonly simpleValue?: number;
  readonly obsoleteOldStyleHistogram?: Uint8Array;
  readonly image?: {
    readonly width?: number;
    readonly height?: number;
    readonly encodedImageString?: Uint8Array;
  };
  readonly histo?: Histogram;
  readonly audio?: { readonly encodedAudioString?: Uint8Array };
  readonly tensor?: TensorMessage;
  readonly metadata?: { readonly pluginData?: { readonly pluginName?: string } };
}

interface Histogram {
  readonly min?: number;
  readonly max?: number;
  readonly num?: number;
}

interface TensorMessage {
  readonly dtype?: string;
  readonly tensorContent?: Uint8Array;
  readonly floatVal?: readonly number[];
  readonly doubleVal?: readonly number[];
  readonly intVal?: readonly number[];
  readonly int64Val?: readonly bigint[];
  readonly boolVal?: readonly boolean[];
  readonly stringVal?: readonly Uint8Array[];
}

function eventFields(event: EventMessage): Map<string, FieldValue> {
  const {
    wallTime,
    step = 0n,
    fileVersion,
    graphDef,
    metaGraphDef,
    summary,
    logMessage,
    taggedRunMetadata,
  } = event;
  const fields = new Map<string, FieldValue>();
  if (wallTime !== undefined) fields.set('wall_time', { kind: 'float64', value: Float64Array.of(wallTime) });
  fields.set('step', { kind: 'int64', value: BigInt64Array.of(step) });
  if (fileVersion !== undefined) fields.set('file_version', textField(fileVersion));
  if (graphDef !== undefined) fields.set('graph_def', { kind: 'bytes', value: [graphDef] });
  if (metaGraphDef !== undefined) fields.set('meta_graph_def', { kind: 'bytes', value: [metaGraphDef] });
  if (logMessage?.message !== undefined) fields.set('log_message', textField(logMessage.message));
  if (taggedRunMetadata?.runMetadata !== undefined)
    fields.set('tagged_run_metadata', { kind: 'bytes', value: [taggedRunMetadata.runMetadata] });
  for (const value of summary?.value ?? []) {
    const { tag = '' } = value;
    fields.set(fields.has(tag) ? `summary/${tag}` : tag, summaryField(value));
  }
  return fields;
}

/** Returns the numbers, images or strings of a summary. */
function summaryField(value: SummaryValue): FieldValue {
  const { simpleValue, image, histo, audio, tensor, obsoleteOldStyleHistogram, metadata } = value;
  if (simpleValue !== undefined) return { kind: 'float', value: Float32Array.of(simpleValue) };
  if (histo !== undefined) return { kind: 'float64', value: Float64Array.of(histo.min ?? 0, histo.max ?? 0) };
  const bytes = image?.encodedImageString ?? audio?.encodedAudioString ?? obsoleteOldStyleHistogram;
  if (bytes !== undefined) return { kind: 'bytes', value: [bytes] };
  if (tensor === undefined) return NO_VALUE;
  const field = tensorField(tensor);
  const plugin = metadata?.pluginData?.pluginName;
  if (plugin === 'histograms' && field.kind === 'float64' && field.value.length >= 3) {
    // Each row has a left edge, a right edge and a count.
    const { value: rows } = field;
    return { kind: 'float64', value: Float64Array.of(rows[0], rows[rows.length - 2]) };
  }
  // TensorFlow 2 writes width and height as strings before the images.
  if (
    field.kind === 'bytes' &&
    field.value.length > 2 &&
    headerAt(field.value[2], 0, field.value[2].length) !== undefined
  )
    return { kind: 'bytes', value: field.value.slice(2) };
  return field;
}

function tensorField(tensor: TensorMessage): FieldValue {
  const { dtype, tensorContent, floatVal, doubleVal, intVal, int64Val, boolVal, stringVal } = tensor;
  const content = (size: number): ArrayBuffer | undefined =>
    tensorContent === undefined ? undefined : wholeValues(tensorContent, size);
  switch (dtype) {
    case 'DT_FLOAT':
      return { kind: 'float', value: new Float32Array(content(4) ?? floatVal ?? []) };
    case 'DT_DOUBLE':
      return { kind: 'float64', value: new Float64Array(content(8) ?? doubleVal ?? []) };
    case 'DT_INT32':
      return { kind: 'int32', value: new Int32Array(content(4) ?? intVal ?? []) };
    case 'DT_INT64':
      return { kind: 'int64', value: new BigInt64Array(content(8) ?? int64Val ?? []) };
    case 'DT_BOOL':
      return { kind: 'int32', value: Int32Array.from(boolVal ?? [], Number) };
    case 'DT_STRING':
      return { kind: 'bytes', value: [...(stringVal ?? [])] };
    default:
      return tensorContent === undefined ? NO_VALUE : { kind: 'bytes', value: [tensorContent] };
  }
}

/** Returns all complete values of `size` bytes, in aligned memory. */
function wholeValues(bytes: Uint8Array, size: number): ArrayBuffer {
  return new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % size))).buffer;
}
