import type { ValueCount } from './distinct-values.ts';
import type { NamedFeature } from './feature-stats.ts';

/** A feature with few distinct values. */
export interface LabelFeature {
  /** Name of the feature. */
  readonly name: string;
  /** All values of the feature, in descending order of frequency. */
  readonly distinct: readonly ValueCount[];
  /** Number of values. */
  readonly values: number;
}

/** Maximum number of distinct values of a label whose name does not identify it as a label. */
const MAX_UNNAMED = 24;
/** Maximum length of a list of labels. Longer lists are data, such as masks, pixels or tokens. */
const MAX_LABELS_PER_RECORD = 16;
const NAME = /label|class|categor|target|type|kind|lang|split|source/i;
/** Names of ids, sizes, positions and times. */
const NOT_A_LABEL =
  /(^|[/_.])(u?ids?|guid|idx|index|indices|key|keys|number|num|count|offset|episode|step|frame|time|timestamp|date|height|width|depth|channels?|size|length|len|shape|rows?|cols?|columns?|version|seed|mask|image|pixels?|raw|encoded)$/i;
/** Names of flags of a step. */
const FLAG =
  /(^|[/_.])(is[_/.])?(first|last|start|begin|end|terminal|terminated|truncated|done|valid|padding)$/i;

/**
 * Returns the features whose values are labels. Such a feature has at least two distinct strings or
 * numbers that occur twice on average, few values per record, and few distinct values unless its
 * name identifies it as a label. Features with names such as label or class come first.
 *
 * @example
 * ```ts
 * import { labelFeatures, type NamedFeature } from 'recordpipe/check';
 * const label: NamedFeature = {
 *   name: 'label',
 *   records: 4,
 *   kinds: {},
 *   length: { min: 1, max: 1, log2: [0, 4] },
 *   int64: {
 *     values: 4,
 *     min: 0,
 *     max: 1,
 *     log2: { negative: [], zeros: 2, positive: [[0, 2]] },
 *     distinct: [{ value: 0, count: 2 }, { value: 1, count: 2 }],
 *   },
 * };
 * console.log(labelFeatures([label]).map(({ name, distinct }) => [name, distinct.length])); // [ [ 'label', 2 ] ]
 * ```
 */
export function labelFeatures(features: readonly NamedFeature[]): LabelFeature[] {
  return features
    .flatMap((feature) => {
      const rank = labelRank(feature);
      const { name, int64, float, bytes } = feature;
      const { distinct, values } = int64 ?? float ?? bytes ?? {};
      return rank === undefined || !distinct || values === undefined
        ? []
        : [{ rank, name, distinct, values }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ name, distinct, values }) => ({ name, distinct, values }));
}

/** Returns 0 for the most likely labels, and undefined for a feature that is not a label. */
function labelRank({ name, length, int64, float, bytes }: NamedFeature): number | undefined {
  const { distinct, values = 0 } = int64 ?? float ?? bytes ?? {};
  if (!distinct || distinct.length < 2 || values < 2 * distinct.length) return undefined;
  if (length === undefined || length.max > MAX_LABELS_PER_RECORD || FLAG.test(name)) return undefined;
  const isNamed = NAME.test(name);
  if (!isNamed && (distinct.length > MAX_UNNAMED || NOT_A_LABEL.test(name))) return undefined;
  // Images, pixels and packed numbers are not labels.
  if (bytes !== undefined && (Object.keys(bytes.images).length > 0 || (bytes.text === 0 && !isNamed)))
    return undefined;
  // Lists are tokens and tensors, unless their name identifies them as labels.
  if (length.max > 1 && !isNamed) return undefined;
  return isNamed && length.max === 1 ? 0 : 1;
}
