import { checkRecord, type DecodeExampleOptions, decodeOptions, explained } from './decode-options.ts';
import type { Example, Feature, Int64Mode, SequenceExample } from './feature.ts';
import { FeatureCursor } from './feature-cursor.ts';
import { FeatureBuilder } from './feature-values.ts';
import { NameTable } from './name-table.ts';

const cursor = new FeatureCursor();
const builder = new FeatureBuilder();
const names = new NameTable<string>((name) => name);
const listNames = new NameTable<string>((name) => name);

/**
 * Decodes a tf.train.Example and returns its features by name. Bytes are views of the record, and
 * so are floats that begin at a multiple of four bytes in its memory. Other floats and all integers
 * are copies. Small copies share memory, as Node's Buffers do. An empty record is an Example
 * without features.
 *
 * All rules of protobuf apply: the last feature with a given name is used, lists in several parts
 * are joined, and unknown fields are skipped. Declared lengths are checked before memory is
 * allocated.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte offset in
 *   the record
 * @example
 * ```ts
 * import { decodeExample, encodeExample } from 'recordpipe/messages';
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
  checkRecord(record);
  const { int64, strict, place } = decodeOptions('decodeExample', options);
  try {
    const example = new Map<string, Feature>();
    cursor.strict = strict;
    cursor.open(record);
    readFeatures(int64, example);
    cursor.check();
    return example as Example<M>;
  } catch (error) {
    throw explained(error, cursor, place);
  } finally {
    cursor.close();
  }
}

/**
 * Decodes a tf.train.SequenceExample. Returns its context and, by the name of each feature list,
 * the feature of each step. Values have the same form as in the result of {@link decodeExample}.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte offset in
 *   the record
 * @example
 * ```ts
 * import { decodeSequenceExample, encodeSequenceExample } from 'recordpipe/messages';
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
  checkRecord(record);
  const { int64, strict, place } = decodeOptions('decodeSequenceExample', options);
  const context = new Map<string, Feature>();
  const featureLists = new Map<string, Feature[]>();
  try {
    cursor.strict = strict;
    cursor.open(record);
    readFeatures(int64, context);
    cursor.check();
    listNames.begin();
    while (cursor.nextList()) {
      const steps: Feature[] = [];
      featureLists.set(listNames.find(record, cursor.nameStart, cursor.nameEnd), steps);
      while (cursor.nextStep()) steps.push(builder.feature(cursor, int64));
    }
    cursor.check();
  } catch (error) {
    throw explained(error, cursor, place);
  } finally {
    cursor.close();
  }
  return { context, featureLists } as SequenceExample<M>;
}

function readFeatures(int64: Int64Mode, features: Map<string, Feature>): void {
  const { record } = cursor;
  names.begin();
  while (cursor.next()) {
    const name = names.find(record, cursor.nameStart, cursor.nameEnd);
    features.set(name, builder.feature(cursor, int64));
  }
}
