import type { ImageHeader, ImageKind } from '../../messages/image-header.ts';
import { compareTexts, type RecordPlace } from './feature-stats.ts';

/** A sample image from the data. */
export interface ImageSample {
  /** Name of the feature. */
  readonly feature: string;
  /** Path or address of the file. */
  readonly uri: string;
  /** Zero-based index of the record. */
  readonly record: number;
  /** Zero-based offset of the record's first byte in the uncompressed bytes. */
  readonly offset: number;
  /** Format of the image. */
  readonly kind: ImageKind;
  /** Width, in pixels. */
  readonly width: number;
  /** Height, in pixels. */
  readonly height: number;
  /**
   * Label of the image's record, if the record has a feature whose name ends in label, class, text,
   * name or caption.
   */
  readonly label?: string;
  /** Bytes of the image, as base64. */
  readonly base64: string;
}

/**
 * Maximum number of samples in a document. Samples are selected by a hash of their position, so
 * that the selection does not depend on how the data is ordered or divided.
 */
export const MAX_SAMPLES = 16;
/** Maximum size of a sample in bytes. Larger images are not kept. */
export const MAX_SAMPLE_BYTES: number = 128 * 1024;
/** Kinds of images that browsers can show. */
export const SHOWN: readonly ImageKind[] = ['jpeg', 'png', 'gif', 'webp', 'bmp'];

interface Kept {
  readonly hash: number;
  readonly sample: ImageSample;
}

/**
 * A sample that is not yet encoded. Most candidates are replaced later, and base64 takes as long as
 * all other work.
 */
interface Candidate {
  readonly hash: number;
  readonly sample: Omit<ImageSample, 'base64'>;
  readonly bytes: Uint8Array;
}

/** Keeps the samples of one or more files. */
export class SampleKeeper {
  #uri = '';
  #seed = 0;
  readonly #wanted: boolean;
  #kept: Candidate[] = [];
  /**
   * Memory of a replaced candidate, which is reused because allocating memory for each candidate is
   * slower than all counting.
   */
  #spare: Uint8Array | undefined;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  /** Starts a file. */
  begin(uri: string): void {
    this.#uri = uri;
    this.#seed = textHash(uri);
  }

  /** Offers an image as a sample. @param label called only if the image is kept */
  offer(
    feature: string,
    { record, offset }: Pick<RecordPlace, 'record' | 'offset'>,
    header: ImageHeader,
    bytes: Uint8Array,
    from: number,
    to: number,
    label: () => string | undefined,
  ): void {
    if (!this.#wanted || to - from > MAX_SAMPLE_BYTES || !SHOWN.includes(header.kind)) return;
    const hash = placeHash(this.#seed, offset, feature);
    const last = this.#kept.at(-1);
    if (this.#kept.length === MAX_SAMPLES && last !== undefined && hash > last.hash) return;
    const { kind, width, height } = header;
    const text = label();
    const sample = {
      feature,
      uri: this.#uri,
      record,
      offset,
      kind,
      width,
      height,
      ...(text !== undefined && { label: text }),
    };
    this.#kept.push({ hash, sample, bytes: this.#copied(bytes, from, to) });
    this.#kept.sort(compareCandidates);
    if (this.#kept.length > MAX_SAMPLES) this.#spare = this.#kept.pop()?.bytes;
  }

  #copied(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const size = to - from;
    const memory =
      this.#spare !== undefined && this.#spare.buffer.byteLength >= size
        ? this.#spare.buffer
        : new ArrayBuffer(2 ** Math.ceil(Math.log2(size)));
    this.#spare = undefined;
    const copy = new Uint8Array(memory, 0, size);
    copy.set(bytes.subarray(from, to));
    return copy;
  }

  samples(): ImageSample[] {
    const kept = this.#kept.map(({ hash, sample, bytes }) => ({
      hash,
      sample: {
        ...sample,
        base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
      },
    }));
    return kept.sort(compareKept).map(({ sample }) => sample);
  }
}

/** Merges two sets of samples and keeps the selected ones. */
export function mergeSamples(a: readonly ImageSample[], b: readonly ImageSample[]): ImageSample[] {
  const kept = [...a, ...b].map((sample) => ({
    hash: placeHash(textHash(sample.uri), sample.offset, sample.feature),
    sample,
  }));
  return kept
    .sort(compareKept)
    .slice(0, MAX_SAMPLES)
    .map(({ sample }) => sample);
}

/**
 * Compares candidates by hash. Images of one feature of one record have the same hash, so their
 * bytes determine the order.
 */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    a.hash - b.hash ||
    compareTexts(a.sample.uri, b.sample.uri) ||
    a.sample.record - b.sample.record ||
    compareTexts(a.sample.feature, b.sample.feature) ||
    Buffer.compare(a.bytes, b.bytes)
  );
}

function compareKept(a: Kept, b: Kept): number {
  const [one, other] = [a.sample, b.sample];
  return (
    a.hash - b.hash ||
    compareTexts(one.uri, other.uri) ||
    one.record - other.record ||
    compareTexts(one.feature, other.feature) ||
    Buffer.compare(Buffer.from(one.base64, 'base64'), Buffer.from(other.base64, 'base64'))
  );
}

function placeHash(seed: number, offset: number, feature: string): number {
  let hash = seed ^ Math.imul(offset | 0, 0x9e3779b1) ^ Math.imul(Math.floor(offset / 2 ** 32), 0x85ebca6b);
  hash ^= Math.imul(textHash(feature), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
