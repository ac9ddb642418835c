import type { UnlistedFeature } from '../file-report.ts';
import { MAX_FEATURES } from '../stats/dataset-stats.ts';
import type { FeatureType, RecordSchema } from './schema.ts';
import type { SchemaViolation } from './violations.ts';

/** What checking records against a schema found. */
export interface SchemaFindings {
  /** The violated rules, sorted by their first record. */
  readonly violations: readonly SchemaViolation[];
  /** The features that occurred, and then the feature lists, each sorted by name. */
  readonly features: readonly FoundFeature[];
  /** Whether features were dropped because there were too many. */
  readonly truncated: boolean;
}

/** A feature or feature list that occurred. */
export interface FoundFeature {
  readonly feature: string;
  readonly isList: boolean;
  /** Whether the schema lists it. */
  readonly listed: boolean;
  /** Type of its first list; undefined if it has none, or if a rule determines the type. */
  readonly type: FeatureType | undefined;
}

/** Returns the features that the schema allows without rules, with their first type. */
export function unlistedFeatures(
  { unknownFeatures }: RecordSchema,
  { features }: SchemaFindings,
): UnlistedFeature[] {
  if (unknownFeatures !== 'allow') return [];
  return features.flatMap(({ feature, isList, listed, type }) =>
    listed || type === undefined ? [] : [{ feature, isList, type }],
  );
}

/** Merges the findings of the parts of a file, in order. */
export class SchemaMerger {
  readonly #violations = new Map<string, SchemaViolation>();
  readonly #features = new Map<string, FoundFeature>();

  /**
   * Adds the findings of the next part.
   * @param before number to add to its record numbers
   * @returns false if the findings of the whole file cannot be determined from those of its parts,
   *   because a feature has several types or there are too many features
   */
  add({ violations, features, truncated }: SchemaFindings, before: number): boolean {
    if (truncated) return false;
    for (const violation of violations) {
      const key = JSON.stringify([violation.rule, violation.feature, violation.isList]);
      const known = this.#violations.get(key);
      this.#violations.set(
        key,
        known === undefined
          ? { ...violation, record: violation.record + before }
          : { ...known, count: known.count + violation.count },
      );
    }
    for (const found of features) {
      const key = JSON.stringify([found.isList, found.feature]);
      const known = this.#features.get(key);
      // Each record is compared with the first type in the file.
      if (known?.type !== undefined && found.type !== undefined && known.type !== found.type) return false;
      if (known?.type === undefined) this.#features.set(key, found);
    }
    return this.#features.size <= MAX_FEATURES;
  }

  merged(): SchemaFindings {
    return {
      violations: [...this.#violations.values()].sort((a, b) => a.record - b.record),
      features: [...this.#features.values()].sort(byName),
      truncated: false,
    };
  }
}

function byName(a: FoundFeature, b: FoundFeature): number {
  if (a.isList !== b.isList) return a.isList ? 1 : -1;
  return a.feature < b.feature ? -1 : 1;
}
