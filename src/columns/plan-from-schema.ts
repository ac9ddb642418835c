import { type FeatureSchema, fixedLength, type RecordSchema } from '../check/schema/schema.ts';
import { UsageError } from '../errors.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import {
  type CompileFeaturesOptions,
  compileFeatures,
  type FeaturePlan,
} from '../messages/example/compile-features.ts';
import {
  type FeatureSpec,
  type FeatureSpecs,
  fixedLen,
  type PlanInt64,
  ragged,
  type SpecKind,
} from '../messages/example/feature-specs.ts';

/**
 * Returns the specs of all features of a schema, to change and to pass to `compileFeatures`.
 *
 * - A required feature with a fixed number of values is `fixedLen`, with the shape of the schema.
 * - Any other feature is `ragged`.
 * - Bytes that are always UTF-8 have the kind `text`.
 * - A feature without a type, because it never has values, is omitted.
 *
 * @param schema a schema of Examples from `inferSchema`, `readSchema` or `inferColumns`
 * @throws UsageError for a schema of other records
 * @example
 * ```ts
 * import { readSchema } from 'recordpipe/check';
 * import { specsFromSchema } from 'recordpipe/columns';
 * const features = { label: { type: 'int64', required: true, shape: [] }, tags: { type: 'bytes', utf8: true } };
 * const { label, tags } = specsFromSchema(readSchema({ recordpipeSchema: 1, message: 'Example', features }));
 * console.log(label.type, tags.type, tags.kind); // fixedLen ragged text
 * ```
 */
export function specsFromSchema(schema: RecordSchema | ColumnSchema): FeatureSpecs {
  if (schema.message !== 'Example')
    throw new UsageError(`schema: expected a schema of Examples, got a schema of ${schema.message}`);
  const specs = 'recordpipeColumns' in schema ? columnSpecs(schema) : featureSpecs(schema);
  return Object.fromEntries(specs.filter(([name]) => name !== '__proto__'));
}

/**
 * Compiles a plan for all features of a schema: `compileFeatures` of {@link specsFromSchema}.
 *
 * @throws UsageError for a schema of other records than Examples
 * @example
 * ```ts
 * import { readSchema } from 'recordpipe/check';
 * import { planFromSchema } from 'recordpipe/columns';
 * import { encodeExample } from 'recordpipe/messages';
 * const features = { label: { type: 'int64', required: true, shape: [] } };
 * const plan = planFromSchema(readSchema({ recordpipeSchema: 1, message: 'Example', features }));
 * console.log(plan.parse(encodeExample({ label: { kind: 'int64', value: [3] } })).label); // 3n
 * ```
 */
export function planFromSchema<M extends PlanInt64 = 'bigint'>(
  schema: RecordSchema | ColumnSchema,
  options: Partial<CompileFeaturesOptions<M>> = {},
): FeaturePlan<FeatureSpecs, M> {
  return compileFeatures(specsFromSchema(schema), options);
}

type NamedSpec = [name: string, spec: FeatureSpec];

function featureSpecs({ features }: RecordSchema): NamedSpec[] {
  return Object.entries(features).flatMap(([name, rules]) => {
    const kind = kindOf(rules);
    if (kind === undefined) return [];
    const length = fixedLength(rules);
    const isFixed = rules.required === true && length !== undefined;
    const shape = rules.shape ?? (length === undefined ? [] : [length]);
    return [[name, isFixed ? fixedLen(shape, kind) : ragged(kind)]];
  });
}

function kindOf({ type, utf8 }: FeatureSchema): SpecKind | undefined {
  if (type === 'bytes') return utf8 ? 'text' : 'bytes';
  return type === 'int64' || type === 'float' ? type : undefined;
}

function columnSpecs({ fields }: ColumnSchema): NamedSpec[] {
  return fields.flatMap(({ name, type, nullable, part, of = name }) => {
    const kind = (type.type === 'list' ? type.items : type).type;
    if (part !== 'feature' || (kind !== 'int64' && kind !== 'float' && kind !== 'bytes' && kind !== 'text'))
      return [];
    return [[name, type.type !== 'list' && !nullable && of === name ? fixedLen([], kind) : ragged(kind, of)]];
  });
}
