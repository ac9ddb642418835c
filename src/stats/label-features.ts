import type { NamedFeature } from './dataset-stats.ts';
import type { ValueCount } from './distinct-values.ts';

/** A feature of few different values. */
export interface LabelFeature {
  readonly name: string;
  /** All of its values, the most frequent first. */
  readonly distinct: readonly ValueCount[];
  readonly values: number;
}

/** More different values than these are a label only where the name says so. */
const FEW = 24;
const NAME = /label|class|categor|target|type|kind|lang|split|source/i;

/** The features whose values are labels: at least two different ones, each twice in the mean, and few of them or of a name like label and class. */
export function labelFeatures(features: readonly NamedFeature[]): LabelFeature[] {
  return features.flatMap(({ name, int64, bytes }) => {
    const { distinct = null, values = 0 } = int64 ?? bytes ?? {};
    const is =
      distinct !== null &&
      distinct.length > 1 &&
      values >= 2 * distinct.length &&
      (distinct.length <= FEW || NAME.test(name));
    const images = Object.values(bytes?.images ?? {}).reduce((sum, image) => sum + image.values, 0);
    return is && images === 0 ? [{ name, distinct, values }] : [];
  });
}
