import { FeatureWalk } from './feature-walk.ts';

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;

/** Goes through the feature lists of a SequenceExample: `nextList`, and for each of them `nextStep`. The context goes as in any Example. */
export class FeatureListWalk extends FeatureWalk {
  #record: Uint8Array = this.bytes;
  /** Where to go on in the record, and where the feature lists end that are being walked. */
  #listAt = 0;
  #listsEnd = 0;
  /** The FeatureList of one name: bytes, next step, end. */
  #steps: Uint8Array = this.bytes;
  #stepAt = 0;
  #stepsEnd = 0;

  override open(record: Uint8Array): void {
    super.open(record);
    this.#record = record;
    this.#listAt = this.#listsEnd = 0;
    this.#stepAt = this.#stepsEnd = 0;
  }

  override close(): void {
    super.close();
    this.#record = this.#steps = this.bytes;
  }

  /** The next name; false at the end. */
  nextList(): boolean {
    this.bytes = this.#record;
    this.at = this.#listAt;
    for (;;) {
      if (this.at === this.#listsEnd && !this.#nextLists()) return false;
      const end = this.#listsEnd;
      this.entryStart = this.at;
      this.nameStart = this.nameEnd = this.at;
      this.body = this.bytes;
      const tag = this.tag(end);
      if (tag !== FIELD_1) {
        this.skip(tag, end);
        continue;
      }
      const entryEnd = this.fieldEnd(end);
      this.#steps = this.oddEntry(entryEnd);
      const isRecord = this.#steps === this.bytes;
      this.#stepAt = isRecord ? this.start : 0;
      this.#stepsEnd = isRecord ? this.end : this.#steps.length;
      this.#listAt = entryEnd;
      return true;
    }
  }

  #nextLists(): boolean {
    const end = this.#record.length;
    while (this.at < end) {
      this.entryStart = this.at;
      const tag = this.tag(end);
      if (tag !== FIELD_2) {
        this.skip(tag, end);
        continue;
      }
      this.#listsEnd = this.fieldEnd(end);
      if (this.at < this.#listsEnd) return true;
    }
    this.#listAt = this.#listsEnd = end;
    return false;
  }

  /** The next feature of the list, as `next()` gives it; false at the end. */
  nextStep(): boolean {
    const end = this.#stepsEnd;
    this.bytes = this.#steps;
    this.at = this.#stepAt;
    this.body = this.#steps;
    while (this.at < end) {
      const tag = this.tag(end);
      if (tag !== FIELD_1) {
        this.skip(tag, end);
        continue;
      }
      const featureEnd = this.fieldEnd(end);
      this.feature(this.#steps, this.at, featureEnd);
      this.#stepAt = featureEnd;
      this.bytes = this.#record;
      return true;
    }
    this.#stepAt = end;
    this.bytes = this.#record;
    return false;
  }
}
