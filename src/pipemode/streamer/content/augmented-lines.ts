import { isItemFailure, RecordpipeError } from '../../../errors.ts';
import { openObject } from '../../../storage/open-object.ts';
import { parseManifestLine } from '../../manifest/manifest-line.ts';
import type { StreamChannel } from '../stream-channel.ts';
import type { ChannelContent, EpochItem } from './channel-content.ts';
import { BYTE_ORDER_MARK_NOTICE, type Line, LineFile } from './line-file.ts';
import { countOfShare, epochOrder, type OrderOptions } from './object-list.ts';
import type { ContentOpening } from './open-content.ts';

const UTF8 = new TextEncoder();

/** The lines of an augmented manifest: of each the named attributes, in the order of the names. */
export class AugmentedLines implements ChannelContent {
  readonly valueless = false;
  readonly files = false;
  readonly #lines: LineFile;
  readonly #channel: StreamChannel;
  readonly #order: OrderOptions;
  readonly #opening: ContentOpening;

  private constructor(lines: LineFile, channel: StreamChannel, order: OrderOptions, opening: ContentOpening) {
    this.#lines = lines;
    this.#channel = channel;
    this.#order = order;
    this.#opening = opening;
  }

  /** Reads the manifest once; of its lines only their places are kept in memory. */
  static async open(
    channel: StreamChannel,
    order: OrderOptions,
    opening: ContentOpening,
  ): Promise<AugmentedLines> {
    const { uri } = channel;
    const { chunks } = openObject(uri, { ...opening.objects, signal: opening.signal });
    const lines = await LineFile.of(chunks, uri, opening.maxLineBytes);
    if (lines.byteOrderMark) opening.warn('byte-order-mark', BYTE_ORDER_MARK_NOTICE);
    if (lines.count > 0) return new AugmentedLines(lines, channel, order, opening);
    lines.close();
    throw new RecordpipeError('object-missing', 'the manifest has no lines', { uri });
  }

  get count(): number {
    return this.#lines.count;
  }

  countOf(): number {
    return countOfShare(this.count, this.#order.share);
  }

  bytesOf(): undefined {
    return undefined;
  }

  async *items(epoch: number): AsyncGenerator<EpochItem, void, undefined> {
    for (const place of epochOrder(this.count, epoch, this.#order))
      yield* this.#itemsOf(this.#lines.line(place));
  }

  async close(): Promise<void> {
    this.#lines.close();
  }

  #itemsOf({ number, bytes }: Line): EpochItem[] {
    const { uri, attributeNames } = this.#channel;
    try {
      return parseManifestLine(bytes, attributeNames, { uri, line: number }, 'any').map(({ ref, text }) =>
        ref ? { object: { uri: text }, line: number } : { value: UTF8.encode(text), line: number },
      );
    } catch (error) {
      if (this.#opening.onBadLine === 'error' || !isItemFailure(error)) throw error;
      this.#opening.warn(error.code, `${error.message}; the line is left out`);
      return [];
    }
  }
}
