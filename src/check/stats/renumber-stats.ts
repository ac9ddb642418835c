import type { DatasetStats } from './dataset-stats.ts';
import type { FeatureStats, KindStats, NamedFeature, RecordPlace } from './feature-stats.ts';

/**
 * Returns the statistics of a part of a file with `before` added to all record numbers.
 * @param before number of records before the part
 */
export function renumberedStats(stats: DatasetStats, before: number): DatasetStats {
  if (before === 0) return stats;
  const moved = <T extends Pick<RecordPlace, 'record'>>(place: T): T => ({
    ...place,
    record: place.record + before,
  });
  const kindsOf = ({ kinds }: FeatureStats): FeatureStats['kinds'] =>
    Object.fromEntries(
      Object.entries(kinds).map(([kind, { count, first }]: [string, KindStats]) => [
        kind,
        { count, first: moved(first) },
      ]),
    );
  const featureOf = (feature: NamedFeature): NamedFeature => ({ ...feature, kinds: kindsOf(feature) });
  const { firstOther, ...messages } = stats.messages;
  return {
    ...stats,
    messages: { ...messages, ...(firstOther && { firstOther: moved(firstOther) }) },
    features: stats.features.map(featureOf),
    featureLists: stats.featureLists.map(featureOf),
    samples: stats.samples.map(moved),
  };
}
