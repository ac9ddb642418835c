import { UsageError } from '../../errors.ts';
import { IMAGE_KINDS } from '../../messages/image-header.ts';
import {
  type Check,
  count,
  flag,
  listOf,
  mapOf,
  object,
  oneOf,
  ShapeError,
  text,
  wrong,
} from '../json-shape.ts';
import type { RecordSchema } from './schema.ts';

/**
 * Reads a schema from JSON text or from a parsed document. Checks the document for unknown keys,
 * types of values, and bounds.
 *
 * @throws UsageError with the location in the document and the expected value
 * @example
 * ```ts
 * import { readSchema } from 'recordpipe/check';
 * const schema = readSchema('{"recordpipeSchema":1,"message":"Example","features":{"label":{"type":"int64"}}}');
 * console.log(schema.features['label'].type); // int64
 * ```
 */
export function readSchema(document: unknown): RecordSchema {
  let value = document;
  if (typeof document === 'string') {
    try {
      value = JSON.parse(document.replace(/^\ufeff/, ''));
    } catch (error) {
      throw new UsageError(`schema: not JSON: ${(error as Error).message}`);
    }
  }
  try {
    object(SCHEMA, ['recordpipeSchema', 'message', 'features'])(value, '');
    const schema = value as RecordSchema;
    if (schema.message !== 'Record') checkExampleTypes(schema);
    return schema;
  } catch (error) {
    if (error instanceof ShapeError) throw new UsageError(`schema: ${error.message}`);
    throw error;
  }
}

/** Checks that only tensors of a Record have the types that Examples do not have. */
function checkExampleTypes({ features, featureLists = {} }: RecordSchema): void {
  for (const [place, rules] of Object.entries({ features, featureLists })) {
    for (const [name, { type }] of Object.entries(rules))
      if (type !== undefined) oneOf('int64', 'float', 'bytes')(type, `${place}.${name}.type`);
  }
}

const limit: Check = (value, place) => {
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  if (!isText && !(typeof value === 'number' && Number.isFinite(value)))
    wrong(place, 'a number, or an integer as a string', value);
};
const counts = bounds(count);

const known: Check = (value, place) => {
  if (typeof value !== 'string' && !Number.isSafeInteger(value))
    wrong(place, 'a string or an integer', value);
};

const FEATURE: Record<string, Check> = {
  type: oneOf('int64', 'float', 'bytes', 'float64', 'int32'),
  required: flag,
  length: counts,
  shape: listOf(count),
  range: bounds(limit),
  nan: flag,
  infinity: flag,
  bytes: counts,
  utf8: flag,
  values: listOf(known),
  images: listOf(oneOf(...IMAGE_KINDS)),
  width: counts,
  height: counts,
};
/** Types that each rule applies to, for rules that do not apply to all types. */
const ONLY: Record<string, readonly string[]> = {
  range: ['int64', 'float', 'float64', 'int32'],
  nan: ['float', 'float64'],
  infinity: ['float', 'float64'],
  values: ['bytes', 'int64', 'int32'],
  bytes: ['bytes'],
  utf8: ['bytes'],
  images: ['bytes'],
  width: ['bytes'],
  height: ['bytes'],
};

const SCHEMA: Record<string, Check> = {
  $schema: text,
  recordpipeSchema: oneOf(1),
  message: oneOf('Example', 'SequenceExample', 'ExampleListWithContext', 'Record', 'IRHeader'),
  comment: text,
  features: mapOf(feature(FEATURE)),
  featureLists: mapOf(feature({ ...FEATURE, steps: counts })),
  unknownFeatures: oneOf('error', 'allow'),
};

function feature(keys: Record<string, Check>): Check {
  const check = object(keys, []);
  return (value, place) => {
    check(value, place);
    const found = value as Record<string, unknown>;
    for (const [rule, types] of Object.entries(ONLY)) {
      if (rule in found && !types.includes(found['type'] as string))
        throw new ShapeError(
          `${place}.${rule}: not supported for ${found['type'] ?? 'a feature without a type'}`,
        );
    }
    for (const [i, value] of ((found['values'] ?? []) as unknown[]).entries()) {
      const isText = typeof value === 'string' && (found['type'] === 'bytes' || /^-?\d{1,19}$/.test(value));
      const isInteger = typeof value === 'number' && found['type'] !== 'bytes';
      if (!isText && !isInteger)
        wrong(`${place}.values[${i}]`, found['type'] === 'bytes' ? 'a string' : 'an integer', value);
    }
    if (found['type'] !== 'int64' && found['type'] !== 'int32') return;
    for (const bound of Object.values((found['range'] ?? {}) as object)) {
      if (typeof bound === 'number' && !Number.isSafeInteger(bound))
        wrong(`${place}.range`, 'integers (as strings beyond 2^53)', bound);
    }
  };
}

function bounds(check: Check): Check {
  const known = object({ min: check, max: check }, []);
  return (value, place) => {
    known(value, place);
    const { min, max } = value as { min?: number | string; max?: number | string };
    if (min === undefined || max === undefined) return;
    const above = typeof min === 'number' && typeof max === 'number' ? min > max : wholeAbove(min, max);
    if (above) wrong(place, 'min <= max', value);
  };
}

function wholeAbove(min: number | string, max: number | string): boolean {
  const whole = [min, max].every((bound) => typeof bound === 'string' || Number.isInteger(bound));
  return whole ? BigInt(min) > BigInt(max) : Number(min) > Number(max);
}
