import type { InferredSchema } from 'recordpipe/check';
import {
  elided,
  type FeatureListSchema,
  featureFacts,
  type NamedFeature,
  schemaMessage,
} from 'recordpipe/check';
import { formatNumberOf } from './sizes.ts';
import type { Painter } from './style.ts';
import { tableLines } from './style.ts';
import { visible } from './visible.ts';

const MAX_NAME_CHARACTERS = 64;

/** A schema for people: a line per feature. */
export function schemaText({ schema, stats }: InferredSchema, paint: Painter): string {
  const { message, features, featureLists = {} } = schema;
  const { records } = schemaMessage(stats);
  const title = `${paint('bold', message)}: ${formatNumberOf(records, 'record')} of ${formatNumberOf(stats.files.length, 'file')}`;
  let lines = [title, ...section(features, stats.features, records, paint)];
  if (Object.keys(featureLists).length > 0)
    lines = [
      ...lines,
      '',
      paint('bold', 'feature lists'),
      ...section(featureLists, stats.featureLists, records, paint),
    ];
  return `${lines.join('\n')}\n`;
}

function section(
  rules: { readonly [name: string]: FeatureListSchema },
  features: readonly NamedFeature[],
  records: number,
  paint: Painter,
): string[] {
  const rows = features.map((feature) => {
    const { name, present, lengths, values } = featureFacts(feature, records);
    const { type = '', required = false, shape } = Object.hasOwn(rules, name) ? rules[name] : {};
    const presence = required ? 'required' : present;
    return [
      elided(visible(name), MAX_NAME_CHARACTERS),
      type,
      presence,
      shape === undefined ? lengths : `[${shape.join(', ')}]`,
      visible(values),
    ];
  });
  const [head, ...lines] = tableLines(['feature', 'type', 'present', 'shape or values', 'holds'], rows);
  return [paint('dim', head), ...lines];
}
