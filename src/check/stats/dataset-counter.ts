import type { RecordBatch } from '../../formats/batch.ts';
import type { FormatName } from '../../formats/registry.ts';
import type { ImageHeader } from '../../messages/image-header.ts';
import {
  COUNT_KEYS,
  type DatasetStats,
  type FileStats,
  MAX_FEATURES,
  type MessageCountKey,
  messageCounts,
  NO_STATS,
  type StatsFinding,
} from './dataset-stats.ts';
import { FeatureCounter, type RecordPlace } from './feature-stats.ts';
import { contentLabel, isLabelField, recordLabel } from './label.ts';
import { SpreadCounter } from './log2.ts';
import { NameTable } from './name-table.ts';
import { isMessageType, type RecordContent, recordContent } from './record-content.ts';
import { FEATURE, LIST, type RecordOutline, STEP } from './record-outline.ts';
import { RecordRecognizer, type RecordType } from './record-type.ts';
import { SampleKeeper } from './samples.ts';

/** What is collected beyond counts. */
export interface StatsOptions {
  /** Whether some of the images are kept. Default false. */
  readonly samples: boolean;
}

/** Collects the statistics of one file, batch by batch. */
export class DatasetCounter {
  readonly #uri: string;
  readonly #recognizer = new RecordRecognizer();
  readonly #outline: RecordOutline = this.#recognizer.outline;
  readonly #features: NameTable<FeatureCounter> = newTable();
  readonly #lists: NameTable<FeatureCounter> = newTable();
  readonly #recordBytes = new SpreadCounter();
  readonly #samples: SampleKeeper;
  #payloadBytes = 0;
  #records = 0;
  #examples = 0;
  /** Of all other types. */
  readonly #counts: { [key in MessageCountKey]?: number } = {};
  #firstOther: (RecordPlace & { why: string }) | undefined;
  // The current record.
  #record = 0;
  #offset = 0;
  #feature = '';
  readonly #place = (): RecordPlace => ({ uri: this.#uri, record: this.#record, offset: this.#offset });
  /** The fields of the record where it is not an Example or SequenceExample. */
  #content: RecordContent | undefined;
  readonly #label = (): string | undefined =>
    this.#content === undefined ? recordLabel(this.#outline) : contentLabel(this.#content.features);
  readonly #onImage = (header: ImageHeader, bytes: Uint8Array, from: number, to: number): void => {
    this.#samples.offer(this.#feature, this.#record, header, bytes, from, to, this.#label);
  };

  constructor(uri: string, { samples }: StatsOptions) {
    this.#uri = uri;
    this.#samples = new SampleKeeper(uri, samples);
  }

  /** @param format of the file, if known: see `recognizeRecord` */
  add(batch: RecordBatch, format?: FormatName): void {
    const { bytes, index, length, firstRecord } = batch;
    for (let i = 0; i < length; i++) {
      const from = index[2 * i];
      const size = index[2 * i + 1];
      this.#record = firstRecord + i;
      this.#offset = batch.offset(i);
      this.#records++;
      this.#payloadBytes += size;
      this.#recordBytes.add(size);
      const type = this.#recognizer.recognize(bytes, from, from + size, format);
      if (type === 'Example') {
        this.#examples++;
        this.#take();
      } else {
        const key = COUNT_KEYS[type];
        this.#counts[key] = (this.#counts[key] ?? 0) + 1;
        if (type === 'SequenceExample') this.#take();
        else this.#takeOther(type, bytes, from, from + size);
      }
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
      messages: messageCounts({ ...this.#counts, example: this.#examples }, this.#firstOther),
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
    this.#content = undefined;
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

  #takeOther(type: RecordType, bytes: Uint8Array, from: number, to: number): void {
    if (!isMessageType(type)) {
      this.#firstOther ??= { ...this.#place(), why: this.#recognizer.describe(type) };
      return;
    }
    this.#content = recordContent(bytes.subarray(from, to), type);
    const { features, featureLists } = this.#content;
    for (const [name, field] of features) {
      const counter = this.#features.findText(name);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.addField(field, this.#place, this.#onImage, isLabelField(name));
    }
    for (const [name, steps] of featureLists) {
      const counter = this.#lists.findText(name);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.addSteps(steps.length);
      for (const step of steps) counter.addField(step, this.#place, this.#onImage, false);
    }
  }
}

function newTable(): NameTable<FeatureCounter> {
  return new NameTable((name) => new FeatureCounter(name), MAX_FEATURES);
}
