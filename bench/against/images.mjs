/** Shared by programs that read images with labels: batches and buffers, and what they add up. */

/** Images per batch. */
export const BATCH = 64;
/** Images in the buffer of a shuffle. */
export const BUFFER = 256;

/** Adds an image to the sums. `crcs` is exact: it adds fewer than 2^21 numbers of 32 bits. */
export function factsAdded(facts, length, label, crc) {
  facts.records += 1;
  facts.labels += label;
  facts.lengths += length;
  facts.crcs += crc;
}
