import type { RecordBatch } from '../records/batch.ts';
import {
  type DatasetStats,
  type FileStats,
  MOST_FEATURES,
  NO_STATS,
  type StatsFinding,
} from './dataset-stats.ts';
import { FeatureCounter, type RecordPlace } from './feature-stats.ts';
import type { ImageHeader } from './image-header.ts';
import { recordLabel } from './label.ts';
import { SpreadCounter } from './log2.ts';
import { NameTable } from './name-table.ts';
import { FEATURE, LIST, RecordOutline, STEP } from './record-outline.ts';
import { SampleKeeper } from './samples.ts';

/** What is collected beyond counts. */
export interface StatsOptions {
  /** Whether some of the images are kept. Default false. */
  readonly samples: boolean;
}

/** Collects the statistics of one file, batch by batch. */
export class DatasetCounter {
  readonly #uri: string;
  readonly #outline = new RecordOutline();
  readonly #features: NameTable<FeatureCounter> = newTable();
  readonly #lists: NameTable<FeatureCounter> = newTable();
  readonly #recordBytes = new SpreadCounter();
  readonly #samples: SampleKeeper;
  #payloadBytes = 0;
  #records = 0;
  #examples = 0;
  #sequences = 0;
  #others = 0;
  #firstOther: (RecordPlace & { why: string }) | undefined;
  // Where the record is that is being looked at, for those who want to know.
  #record = 0;
  #offset = 0;
  #feature = '';
  readonly #place = (): RecordPlace => ({ uri: this.#uri, record: this.#record, offset: this.#offset });
  readonly #label = (): string | undefined => recordLabel(this.#outline);
  readonly #onImage = (header: ImageHeader, from: number, to: number): void => {
    this.#samples.offer(this.#feature, this.#record, header, this.#outline.bytes, from, to, this.#label);
  };

  constructor(uri: string, { samples }: StatsOptions) {
    this.#uri = uri;
    this.#samples = new SampleKeeper(uri, samples);
  }

  add(batch: RecordBatch): void {
    const { bytes, index, length, firstRecord } = batch;
    for (let i = 0; i < length; i++) {
      const from = index[2 * i];
      const size = index[2 * i + 1];
      this.#record = firstRecord + i;
      this.#offset = batch.offset(i);
      this.#records++;
      this.#payloadBytes += size;
      this.#recordBytes.add(size);
      if (this.#outline.read(bytes, from, from + size)) this.#take();
      else this.#takeOther();
    }
  }

  /** @param file what is known of the file; @param findings the first of it, in its order */
  stats(file: FileStats, findings: readonly StatsFinding[]): DatasetStats {
    const recordBytes = this.#recordBytes.spread();
    return {
      ...NO_STATS,
      files: [file],
      records: this.#records,
      ...(recordBytes && { recordBytes }),
      payloadBytes: this.#payloadBytes,
      messages: {
        example: this.#examples,
        sequenceExample: this.#sequences,
        other: this.#others,
        ...(this.#firstOther && { firstOther: this.#firstOther }),
      },
      features: this.#features.entries().map((one) => ({ name: one.name, ...one.stats() })),
      featureLists: this.#lists.entries().map((one) => ({ name: one.name, ...one.stats() })),
      truncated: this.#features.truncated || this.#lists.truncated,
      findings: { count: file.findings, first: findings },
      samples: this.#samples.samples(),
    };
  }

  /** From the last to the first: of a repeated name the last one counts. */
  #take(): void {
    const outline = this.#outline;
    const { features, lists, steps, bytes } = outline;
    if (outline.isSequence) this.#sequences++;
    else this.#examples++;
    const onImage = this.#onImage;
    for (let i = outline.featureCount - 1; i >= 0; i--) {
      const at = FEATURE * i;
      const counter = this.#features.find(bytes, features[at], features[at + 1], i);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.add(outline, features[at + 2], features[at + 3], features[at + 4], this.#place, onImage);
    }
    for (let i = outline.listCount - 1; i >= 0; i--) {
      const at = LIST * i;
      const counter = this.#lists.find(bytes, lists[at], lists[at + 1], i);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.addSteps(lists[at + 3]);
      const end = STEP * (lists[at + 2] + lists[at + 3]);
      for (let step = STEP * lists[at + 2]; step < end; step += STEP)
        counter.add(outline, steps[step], steps[step + 1], steps[step + 2], this.#place, onImage);
    }
  }

  #isFirst(counter: FeatureCounter): boolean {
    if (counter.lastRecord === this.#record) return false;
    counter.lastRecord = this.#record;
    counter.seen();
    this.#feature = counter.name;
    return true;
  }

  #takeOther(): void {
    this.#others++;
    this.#firstOther ??= { ...this.#place(), why: this.#outline.problem };
  }
}

function newTable(): NameTable<FeatureCounter> {
  return new NameTable((name) => new FeatureCounter(name), MOST_FEATURES);
}
