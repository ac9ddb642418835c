import { compareTexts } from './feature-stats.ts';
import type { ImageHeader, ImageKind } from './image-header.ts';

/** An image of the data, to be looked at. */
export interface ImageSample {
  readonly feature: string;
  readonly uri: string;
  readonly record: number;
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  /** What a feature of the same record calls it, where there is one whose name ends in label, class, text, name or caption. */
  readonly label?: string;
  /** The image's own bytes. */
  readonly base64: string;
}

/** Samples in a document: which of all images they are is decided by a hash of their place, so that no order and no split of the data changes it. */
export const MOST_SAMPLES = 24;
/** Larger images are not kept. */
export const MOST_SAMPLE_BYTES: number = 128 * 1024;
/** What a browser shows without a script. */
const SHOWN: readonly ImageKind[] = ['jpeg', 'png', 'gif', 'webp', 'bmp'];

interface Kept {
  readonly hash: number;
  readonly sample: ImageSample;
}

/** Keeps the samples of one file. */
export class SampleKeeper {
  readonly #uri: string;
  readonly #seed: number;
  readonly #most: number;
  #kept: Kept[] = [];

  constructor(uri: string, most: number) {
    this.#uri = uri;
    this.#seed = textHash(uri);
    this.#most = most;
  }

  /** @param label asked only where the image is kept */
  offer(
    feature: string,
    record: number,
    header: ImageHeader,
    bytes: Uint8Array,
    from: number,
    to: number,
    label: () => string | undefined,
  ): void {
    if (this.#most === 0 || to - from > MOST_SAMPLE_BYTES || !SHOWN.includes(header.kind)) return;
    const hash = placeHash(this.#seed, record, feature);
    const last = this.#kept.at(-1);
    if (this.#kept.length === this.#most && last !== undefined && hash > last.hash) return;
    const { kind, width, height } = header;
    const text = label();
    const sample = {
      feature,
      uri: this.#uri,
      record,
      kind,
      width,
      height,
      ...(text !== undefined && { label: text }),
      base64: Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('base64'),
    };
    this.#kept.push({ hash, sample });
    this.#kept = this.#kept.sort(compareKept).slice(0, this.#most);
  }

  samples(): ImageSample[] {
    return this.#kept.map(({ sample }) => sample);
  }
}

/** The first of both. */
export function mergeSamples(a: readonly ImageSample[], b: readonly ImageSample[]): ImageSample[] {
  const kept = [...a, ...b].map((sample) => ({
    hash: placeHash(textHash(sample.uri), sample.record, sample.feature),
    sample,
  }));
  return kept
    .sort(compareKept)
    .slice(0, MOST_SAMPLES)
    .map(({ sample }) => sample);
}

function compareKept(a: Kept, b: Kept): number {
  const [one, other] = [a.sample, b.sample];
  return (
    a.hash - b.hash ||
    compareTexts(one.uri, other.uri) ||
    one.record - other.record ||
    compareTexts(one.feature, other.feature) ||
    compareTexts(one.base64, other.base64)
  );
}

function placeHash(seed: number, record: number, feature: string): number {
  let hash = seed ^ Math.imul(record | 0, 0x9e3779b1) ^ Math.imul(Math.floor(record / 2 ** 32), 0x85ebca6b);
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
