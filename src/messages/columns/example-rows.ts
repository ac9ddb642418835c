import { type ErrorPlace, UsageError } from '../../errors.ts';
import { findMalformedUtf8 } from '../../formats/utf8.ts';
import type { FeatureCursor } from '../example/feature-cursor.ts';
import { FoundFeatures, type OtherFeatures, SlotFinder } from '../example/found-features.ts';
import { KIND_NAMES, NONE } from '../example/list-cursor.ts';
import type { ColumnVector } from './column-batch.ts';
import type { ColumnField, ColumnSchema } from './column-schema.ts';
import { type FeatureVector, featureVector } from './feature-vectors.ts';
import type { RowDecoder } from './row-decoder.ts';
import { StepVectors } from './step-vectors.ts';
import { UnsetNames } from './unset-names.ts';

/** Converts Examples and SequenceExamples to vectors. */
export class ExampleRows implements RowDecoder, OtherFeatures {
  readonly #found: FoundFeatures;
  readonly #vectors: readonly ((found: FoundFeatures) => ColumnVector)[];
  readonly #slots: readonly string[];
  readonly #unset: UnsetNames | undefined;
  readonly #lists: readonly StepVectors[];
  readonly #listFinder: SlotFinder;
  readonly #exact: boolean;
  readonly #isSequence: boolean;

  /**
   * @param exact whether content without a column is an error
   * @throws UsageError for a part or type that these messages do not have
   */
  constructor({ fields, message }: ColumnSchema, exact: boolean) {
    const slotOfName = new Map<string, number>();
    const lists: StepVectors[] = [];
    const builders: FeatureVector[] = [];
    let unset: UnsetNames | undefined;
    const vectorOf = (field: ColumnField): FeatureVector => {
      const { name, type, nullable, of = name } = field;
      switch (field.part) {
        case 'feature': {
          if (slotOfName.has(of)) throw repeated(of);
          slotOfName.set(of, slotOfName.size);
          return featureVector(name, slotOfName.size - 1, type, nullable);
        }
        case 'featureList': {
          if (message !== 'SequenceExample') break;
          if (lists.some((list) => list.of === of)) throw repeated(of);
          const list = new StepVectors(name, of, type, nullable, exact);
          lists.push(list);
          return list;
        }
        case 'unsetFeatures':
          if (unset !== undefined) throw repeated(name);
          unset = new UnsetNames();
          return unset;
      }
      throw new UsageError(
        `column ${JSON.stringify(name)}: records of type ${message} have no ${field.part}`,
      );
    };
    for (const field of fields) builders.push(vectorOf(field));
    this.#slots = [...slotOfName.keys()];
    this.#found = new FoundFeatures(this.#slots, exact ? 'exact' : false, exact || unset ? this : undefined);
    for (const { onePass } of builders) if (onePass !== undefined) this.#found.collect(onePass);
    this.#vectors = builders.map((builder) => (found) => builder.build(found));
    this.#unset = unset;
    this.#lists = lists;
    this.#listFinder = new SlotFinder(lists.map(({ of }) => of));
    this.#exact = exact;
    this.#isSequence = message === 'SequenceExample';
  }

  begin(rows: number, placeOf: (row: number) => ErrorPlace): void {
    this.#found.begin(rows, placeOf);
    this.#unset?.begin();
    for (const list of this.#lists) list.begin(placeOf);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const found = this.#found;
    found.add(bytes, start, end);
    this.#unset?.endRecord((slot) => found.has(found.records - 1, slot));
    if (this.#isSequence) this.#addLists(bytes, start, end);
    else if (this.#exact && found.cursor.isSequence)
      throw found.mismatch(found.records - 1, -1, 'expected an Example, got a SequenceExample');
  }

  finish(): ColumnVector[] {
    return this.#vectors.map((build) => build(this.#found));
  }

  close(): void {
    this.#found.close();
    for (const list of this.#lists) list.close();
  }

  other(cursor: FeatureCursor, record: number): boolean {
    if (!cursor.readFeature()) return false;
    if (cursor.kind === NONE && this.#unset !== undefined) {
      if (findMalformedUtf8(cursor.record, cursor.nameStart, cursor.nameEnd) >= 0)
        throw this.#found.malformed(record, -1, 'expected a UTF-8 name, got invalid bytes');
      this.#unset.add(nameAt(cursor), -1);
      return true;
    }
    this.#unset?.remove(() => nameAt(cursor));
    if (!this.#exact) return true;
    const what = `kind ${KIND_NAMES[cursor.kind]}`;
    throw this.#found.mismatch(
      record,
      -1,
      `feature ${JSON.stringify(nameAt(cursor))}: expected only features that have a column in the schema, got a feature of ${what} without a column`,
    );
  }

  unset(cursor: FeatureCursor, record: number): void {
    const name = nameAt(cursor);
    if (this.#unset !== undefined) this.#unset.add(name, this.#slots.indexOf(name));
    else if (this.#exact)
      throw this.#found.mismatch(
        record,
        this.#slots.indexOf(name),
        'expected values, got a feature without a kind, for which the schema has no column',
      );
  }

  #addLists(bytes: Uint8Array, start: number, end: number): void {
    const { cursor } = this.#found;
    const finder = this.#listFinder;
    finder.begin();
    for (const list of this.#lists) list.beginRow();
    while (cursor.nextList()) {
      const slot = finder.find(bytes, cursor.nameStart, cursor.nameEnd);
      if (slot >= 0) this.#lists[slot].addSteps(bytes, start, cursor);
      else if (this.#exact) {
        const name = JSON.stringify(nameAt(cursor));
        throw this.#found.mismatch(
          this.#found.records - 1,
          -1,
          `feature list ${name}: expected only feature lists that have a column in the schema, got a feature list without a column`,
        );
      }
    }
    const { fault } = cursor;
    if (fault === undefined) return;
    const at = cursor.placeOf(fault.at) - start;
    throw this.#found.malformed(
      this.#found.records - 1,
      -1,
      `feature lists: ${fault.message} (at byte ${at} of the ${end - start}-byte record)`,
    );
  }
}

function repeated(of: string): UsageError {
  return new UsageError(
    `columns: expected one column for each part of a record, got two for ${JSON.stringify(of)}`,
  );
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function nameAt({ record, nameStart, nameEnd }: FeatureCursor): string {
  return utf8.decode(record.subarray(nameStart, nameEnd));
}
