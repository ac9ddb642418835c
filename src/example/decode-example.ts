import { UsageError } from '../errors.ts';
import type { DecodeExampleOptions } from './decode-options.ts';
import { decodeOptions } from './decode-options.ts';
import { ExampleCursor } from './example-cursor.ts';
import type { Example, Feature, Int64Mode, SequenceExample } from './feature.ts';
import { NameTable } from './name-table.ts';
import { PlainFeatures } from './plain-features.ts';
import { PlainWalk } from './plain-walk.ts';

let shared: ExampleCursor | undefined;
let plain: PlainFeatures | undefined;

/**
 * Decodes a tf.train.Example: features by name. Bytes are views of the record, and so are floats that lie at a multiple of four bytes in its memory;
 * others, and integers, are copies, of which small ones share memory, as Node's Buffers do. An empty record is an Example without features.
 *
 * Every rule of protobuf holds: the last feature of a name counts, lists in several parts are joined, unknown fields are passed over.
 * Declared lengths are compared with what is there before anything is made of them.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte of the record
 * @example
 * ```ts
 * import { decodeExample, encodeExample } from 'recordpipe/example';
 * const record = encodeExample({ label: { kind: 'int64', value: [3] }, weights: { kind: 'float', value: [0.5, 2] } });
 * const example = decodeExample(record, { int64: 'number' });
 * const weights = example.get('weights');
 * if (weights?.kind === 'float') console.log(example.get('label')?.value[0], weights.value.length); // 3 2
 * ```
 */
export function decodeExample<M extends Int64Mode = 'bigint'>(
  record: Uint8Array,
  options?: Partial<DecodeExampleOptions<M>>,
): Example<M> {
  if (!(record instanceof Uint8Array))
    throw new UsageError(`record: expected bytes (Uint8Array), got ${typeof record}`);
  const example = new Map<string, Feature>();
  plain ??= new PlainFeatures(new PlainWalk(new NameTable()));
  if (plain.read(record, example, decodeOptions(options).int64)) return example as Example<M>;
  example.clear();
  shared ??= new ExampleCursor();
  const cursor = shared;
  try {
    cursor.open(record, options);
    while (cursor.next()) example.set(cursor.name, cursor.feature());
  } finally {
    cursor.close();
  }
  return example as Example<M>;
}

/**
 * Decodes a tf.train.SequenceExample: its context, and by name one feature for each step. All that is said of {@link decodeExample} holds.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte of the record
 * @example
 * ```ts
 * import { decodeSequenceExample, encodeSequenceExample } from 'recordpipe/example';
 * const record = encodeSequenceExample({
 *   context: { id: { kind: 'bytes', value: ['a'] } },
 *   featureLists: { tokens: [{ kind: 'int64', value: [5] }, { kind: 'int64', value: [6, 7] }] },
 * });
 * const { context, featureLists } = decodeSequenceExample(record);
 * console.log(context.size, featureLists.get('tokens')?.map(({ value }) => value.length)); // 1 [ 1, 2 ]
 * ```
 */
export function decodeSequenceExample<M extends Int64Mode = 'bigint'>(
  record: Uint8Array,
  options?: Partial<DecodeExampleOptions<M>>,
): SequenceExample<M> {
  shared ??= new ExampleCursor();
  const cursor = shared;
  const context = new Map<string, Feature>();
  const featureLists = new Map<string, Feature[]>();
  try {
    cursor.open(record, options);
    while (cursor.next()) context.set(cursor.name, cursor.feature());
    while (cursor.nextList()) {
      const steps: Feature[] = [];
      featureLists.set(cursor.name, steps);
      while (cursor.nextStep()) steps.push(cursor.feature());
    }
  } finally {
    cursor.close();
  }
  return { context, featureLists } as SequenceExample<M>;
}
