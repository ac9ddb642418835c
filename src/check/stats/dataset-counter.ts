import type { RecordBatch } from '../../formats/batch.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { ImageHeader } from '../../messages/image-header.ts';
import {
  COUNT_KEYS,
  type DatasetStats,
  MAX_FEATURES,
  type MessageCountKey,
  messageCounts,
  NO_STATS,
} from './dataset-stats.ts';
import { comparePlaces, FeatureCounter, type RecordPlace } from './feature-stats.ts';
import { contentLabel, isLabelField, recordLabel } from './label.ts';
import { SpreadCounter } from './log2.ts';
import { NamedEntries } from './named-entries.ts';
import { isMessageType, type RecordContent, recordContent } from './record-content.ts';
import { RecordRecognizer, type RecordType } from './record-type.ts';
import { SampleKeeper } from './samples.ts';

/** What to collect in addition to counts. */
export interface StatsOptions {
  /** Whether to keep some of the images as samples. Default false. */
  readonly samples: boolean;
}

/**
 * Collects the statistics of files, one after another, batch by batch. The result for several files
 * equals that of merging the results for each of them, and takes much less time if they are small.
 */
export class DatasetCounter {
  #uri = '';
  readonly #recognizer = new RecordRecognizer();
  readonly #features = new NamedEntries((name) => new FeatureCounter(name), MAX_FEATURES);
  readonly #lists = new NamedEntries((name) => new FeatureCounter(name), MAX_FEATURES);
  readonly #recordBytes = new SpreadCounter();
  readonly #samples: SampleKeeper;
  #payloadBytes = 0;
  #records = 0;
  #examples = 0;
  /** Number of records of each other type. */
  readonly #counts: { [key in MessageCountKey]?: number } = {};
  #firstOther: (RecordPlace & { why: string }) | undefined;
  /** Number of the last file with a record that counts as other. */
  #otherFile = 0;
  // The current record and feature.
  #record = 0;
  #offset = 0;
  #feature = '';
  readonly #here = {
    file: 0,
    place: (): RecordPlace => ({ uri: this.#uri, record: this.#record, offset: this.#offset }),
  };
  /** Fields of the current record if it is not an Example or SequenceExample. */
  #content: RecordContent | undefined;
  readonly #label = (): string | undefined =>
    this.#content === undefined ? recordLabel(this.#recognizer.index) : contentLabel(this.#content.features);
  readonly #onImage = (header: ImageHeader, bytes: Uint8Array, from: number, to: number): void => {
    this.#samples.offer(this.#feature, this.#here.place(), header, bytes, from, to, this.#label);
  };

  constructor({ samples }: StatsOptions) {
    this.#samples = new SampleKeeper(samples);
  }

  /** Starts a file. */
  begin(uri: string): void {
    this.#uri = uri;
    this.#here.file++;
    this.#samples.begin(uri);
  }

  /** Counts the records of a batch. @param format of the file, if known: see `recognizeRecord` */
  add(batch: RecordBatch, format?: FormatName): void {
    const { length } = batch;
    for (let i = 0; i < length; i++) this.addRecord(batch, i, format);
  }

  /** Counts record `i` of a batch. */
  addRecord(batch: RecordBatch, i: number, format?: FormatName): void {
    const { bytes, index } = batch;
    const from = index[2 * i];
    const size = index[2 * i + 1];
    this.#record = batch.firstRecord + i;
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

  /** Returns the statistics of the records so far, without files and findings. */
  stats(): DatasetStats {
    const recordBytes = this.#recordBytes.spread();
    return {
      ...NO_STATS,
      records: this.#records,
      ...(recordBytes && { recordBytes }),
      payloadBytes: this.#payloadBytes,
      messages: messageCounts({ ...this.#counts, example: this.#examples }, this.#firstOther),
      features: this.#features.entries().map((one) => ({ name: one.name, ...one.stats() })),
      featureLists: this.#lists.entries().map((one) => ({ name: one.name, ...one.stats() })),
      truncated: this.#features.truncated || this.#lists.truncated,
      samples: this.#samples.samples(),
    };
  }

  /**
   * Counts the features of an Example or SequenceExample. Features are counted from the last to the
   * first, because the last one with a given name is used.
   */
  #take(): void {
    const { index } = this.#recognizer;
    const { bytes } = index;
    this.#content = undefined;
    this.#features.begin();
    for (let i = index.featureCount - 1; i >= 0; i--) {
      const counter = this.#features.find(bytes, index.nameStart(i), index.nameEnd(i));
      if (counter !== undefined && this.#isFirst(counter)) counter.add(index, i, this.#here, this.#onImage);
    }
    if (index.listCount === 0) return;
    this.#lists.begin();
    for (let i = index.listCount - 1; i >= 0; i--) {
      const counter = this.#lists.find(bytes, index.listNameStart(i), index.listNameEnd(i));
      if (counter === undefined || !this.#isFirst(counter)) continue;
      const first = index.firstStep(i);
      const end = index.firstStep(i + 1);
      counter.addSteps(end - first);
      for (let step = first; step < end; step++) counter.add(index, step, this.#here, this.#onImage);
    }
  }

  #isFirst(counter: FeatureCounter): boolean {
    if (counter.lastRecord === this.#records) return false;
    counter.lastRecord = this.#records;
    counter.seen();
    this.#feature = counter.name;
    return true;
  }

  #takeOther(type: RecordType, bytes: Uint8Array, from: number, to: number): void {
    if (!isMessageType(type)) {
      this.#seeOther(type);
      return;
    }
    this.#content = recordContent(bytes.subarray(from, to), type);
    const { features, featureLists } = this.#content;
    for (const [name, field] of features) {
      const counter = this.#features.byName(name);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.addField(field, this.#here, this.#onImage, isLabelField(name));
    }
    for (const [name, steps] of featureLists) {
      const counter = this.#lists.byName(name);
      if (counter === undefined || !this.#isFirst(counter)) continue;
      counter.addSteps(steps.length);
      for (const step of steps) counter.addField(step, this.#here, this.#onImage, false);
    }
  }

  #seeOther(type: RecordType): void {
    const { file } = this.#here;
    if (this.#otherFile === file) return;
    this.#otherFile = file;
    const place = this.#here.place();
    if (this.#firstOther === undefined || comparePlaces(place, this.#firstOther) < 0)
      this.#firstOther = { ...place, why: this.#recognizer.describe(type) };
  }
}
