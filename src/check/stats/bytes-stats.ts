import { headerAt, IMAGE_KINDS, type ImageHeader, type ImageKind } from '../../messages/image-header.ts';
import { DistinctCounter, type DistinctValues, mergeDistinct } from './distinct-values.ts';
import { mergeSpreads, type Spread, SpreadCounter } from './log2.ts';
import { isTextAt } from './text.ts';

/** Statistics for the values of a bytes feature. */
export interface BytesStats {
  /** Number of values. */
  readonly values: number;
  /** Total size of all values, in bytes. */
  readonly total: number;
  /** Number of bytes per value. */
  readonly length: Spread;
  /** Number of values that are text: UTF-8 without control characters. Images are never text. */
  readonly text: number;
  /**
   * Statistics for the values that are images, by image kind. The first bytes of a value determine
   * its kind.
   */
  readonly images: { readonly [kind in ImageKind]?: ImageStats };
  /** The distinct values; null if there are too many. */
  readonly distinct: DistinctValues;
}

/** Statistics for the images of one kind. */
export interface ImageStats {
  /** Number of images. */
  readonly values: number;
  /**
   * Width, in pixels, of the images whose headers specify a size; missing if there are no such
   * images.
   */
  readonly width?: Spread;
  /**
   * Height, in pixels, of the images whose headers specify a size; missing if there are no such
   * images.
   */
  readonly height?: Spread;
}

/** Collects the statistics of values of bytes. */
export class BytesCounter {
  #total = 0;
  #values = 0;
  #text = 0;
  readonly #length = new SpreadCounter();
  readonly #images = new Map<ImageKind, ImageCounter>();
  readonly #distinct = new DistinctCounter();

  /** Adds a value. Returns its header if it is an image. */
  add(bytes: Uint8Array, from: number, to: number): ImageHeader | undefined {
    this.#values++;
    this.#total += to - from;
    this.#length.add(to - from);
    if (!this.#distinct.overflown) this.#distinct.bytes(bytes, from, to);
    const header = headerAt(bytes, from, to);
    if (header === undefined) {
      if (isTextAt(bytes, from, to)) this.#text++;
      return undefined;
    }
    let images = this.#images.get(header.kind);
    if (images === undefined) {
      images = new ImageCounter();
      this.#images.set(header.kind, images);
    }
    images.add(header);
    return header;
  }

  /** Returns the statistics, or undefined if there were no values. */
  stats(): BytesStats | undefined {
    const length = this.#length.spread();
    if (length === undefined) return undefined;
    const images: { [kind in ImageKind]?: ImageStats } = {};
    for (const kind of IMAGE_KINDS) {
      const found = this.#images.get(kind);
      if (found !== undefined) images[kind] = found.stats();
    }
    return {
      values: this.#values,
      total: this.#total,
      length,
      text: this.#text,
      images,
      distinct: this.#distinct.values(true),
    };
  }
}

class ImageCounter {
  #values = 0;
  readonly #width = new SpreadCounter();
  readonly #height = new SpreadCounter();

  add({ width, height }: ImageHeader): void {
    this.#values++;
    if (width === 0 || height === 0) return;
    this.#width.add(width);
    this.#height.add(height);
  }

  stats(): ImageStats {
    const [width, height] = [this.#width.spread(), this.#height.spread()];
    return { values: this.#values, ...(width && height && { width, height }) };
  }
}

export function mergeBytes(a: BytesStats, b: BytesStats): BytesStats {
  const images: { [kind in ImageKind]?: ImageStats } = {};
  for (const kind of IMAGE_KINDS) {
    const [one, other] = [a.images[kind], b.images[kind]];
    const merged = one !== undefined && other !== undefined ? mergeImages(one, other) : (one ?? other);
    if (merged !== undefined) images[kind] = merged;
  }
  return {
    values: a.values + b.values,
    total: a.total + b.total,
    length: mergeSpreads(a.length, b.length)!,
    text: a.text + b.text,
    images,
    distinct: mergeDistinct(a.distinct, b.distinct, true),
  };
}

function mergeImages(a: ImageStats, b: ImageStats): ImageStats {
  const width = mergeSpreads(a.width, b.width);
  const height = mergeSpreads(a.height, b.height);
  return { values: a.values + b.values, ...(width && height && { width, height }) };
}
