import { UsageError } from '../errors.ts';
import { IMAGE_KINDS } from './image-header.ts';
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
} from './json-shape.ts';
import type { RecordSchema } from './schema.ts';

/**
 * A schema from what its JSON text or document holds, checked: no unknown key, no value of another type, no bound above its counterpart.
 *
 * @throws UsageError that names the place in the document, and what was expected
 * @example
 * ```ts
 * import { readSchema } from 'recordpipe/stats';
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
      throw new UsageError(`schema: expected JSON, got something else: ${(error as Error).message}`);
    }
  }
  try {
    object(SCHEMA, ['recordpipeSchema', 'message', 'features'])(value, '');
  } catch (error) {
    if (error instanceof ShapeError) throw new UsageError(`schema: ${error.message}`);
    throw error;
  }
  return value as RecordSchema;
}

const limit: Check = (value, place) => {
  const isText = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  if (!isText && !(typeof value === 'number' && Number.isFinite(value)))
    wrong(place, 'a number, or an integer as text', value);
};
const counts = bounds(count);

const FEATURE: Record<string, Check> = {
  type: oneOf('int64', 'float', 'bytes'),
  required: flag,
  length: counts,
  shape: listOf(count),
  range: bounds(limit),
  nan: flag,
  infinity: flag,
  bytes: counts,
  utf8: flag,
  images: listOf(oneOf(...IMAGE_KINDS)),
  width: counts,
  height: counts,
};
/** Which type a rule is for, where it is not for all. */
const ONLY: Record<string, readonly string[]> = {
  range: ['int64', 'float'],
  nan: ['float'],
  infinity: ['float'],
  bytes: ['bytes'],
  utf8: ['bytes'],
  images: ['bytes'],
  width: ['bytes'],
  height: ['bytes'],
};

const SCHEMA: Record<string, Check> = {
  $schema: text,
  recordpipeSchema: oneOf(1),
  message: oneOf('Example', 'SequenceExample'),
  comment: text,
  features: mapOf(feature(FEATURE)),
  featureLists: mapOf(feature({ ...FEATURE, steps: counts })),
  unknownFeatures: oneOf('error', 'allow'),
};

function feature(keys: Record<string, Check>): Check {
  const check = object(keys, ['type']);
  return (value, place) => {
    check(value, place);
    const found = value as Record<string, unknown>;
    for (const [rule, types] of Object.entries(ONLY)) {
      if (rule in found && !types.includes(found['type'] as string))
        wrong(`${place}.${rule}`, `no such rule for ${found['type']}`, found[rule]);
    }
    if (found['type'] !== 'int64') return;
    for (const bound of Object.values((found['range'] ?? {}) as object)) {
      if (typeof bound === 'number' && !Number.isSafeInteger(bound))
        wrong(`${place}.range`, 'whole numbers, as text beyond 2^53', bound);
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
    if (above) wrong(place, 'min no more than max', value);
  };
}

function wholeAbove(min: number | string, max: number | string): boolean {
  const whole = [min, max].every((bound) => typeof bound === 'string' || Number.isInteger(bound));
  return whole ? BigInt(min) > BigInt(max) : Number(min) > Number(max);
}
