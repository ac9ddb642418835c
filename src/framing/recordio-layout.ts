/**
 * RecordIO: each record is one or more parts; a part is the magic number, a word that holds flag and length, the payload bytes, and zero to three
 * bytes of padding to a multiple of four. All words are little-endian. Source of the rule: dmlc-core's recordio.h.
 */
export const RECORDIO_MAGIC = 0xced7230a;
/** Magic number and the word behind it. */
export const PART_HEADER_BYTES = 8;
/** A part is shorter than 2^29 bytes: its length has 29 bits, its flag the 3 above them. */
export const PART_LENGTH_END: number = 2 ** 29;

/** What a part is of its record. */
export const WHOLE = 0;
export const FIRST = 1;
export const MIDDLE = 2;
export const LAST = 3;

/** Flag of the part whose second header word is `word`. */
export function partFlag(word: number): number {
  return word >>> 29;
}

/** Payload bytes of the part whose second header word is `word`. */
export function partLength(word: number): number {
  return word & 0x1fffffff;
}

/** Bytes that a part with so much payload takes, its header and padding included. */
export function partBytes(length: number): number {
  return PART_HEADER_BYTES + length + (-length & 3);
}

/** How the parts of a record are put together: with the magic number between them again, as dmlc splits, or without, as SageMaker does; or not at all. */
export type Multipart = 'dmlc' | 'concat' | 'error';

/** What parts may follow each other. */
export interface PartRules {
  readonly multipart: Multipart;
  /** Whether any flag may come anywhere. */
  readonly lenientFlags: boolean;
}

/** What a part does to the record that it belongs to. */
export const PART_ENDS = 0;
export const PART_CONTINUES = 1;
export const PART_UNEXPECTED = 2;
export const PART_AMBIGUOUS = 3;

export type PartVerdict =
  | typeof PART_ENDS
  | typeof PART_CONTINUES
  | typeof PART_UNEXPECTED
  | typeof PART_AMBIGUOUS;

/**
 * What a part means where it stands.
 * @param inside whether parts of the same record came before it
 * @param word the second word of its header
 */
export function judgePart(inside: boolean, word: number, rules: PartRules): PartVerdict {
  const flag = partFlag(word);
  if (rules.multipart === 'error' && (inside || flag !== WHOLE)) return PART_UNEXPECTED;
  if (!rules.lenientFlags && (inside ? flag !== MIDDLE && flag !== LAST : flag > FIRST))
    return PART_UNEXPECTED;
  if (flag === WHOLE || flag === LAST) return PART_ENDS;
  // dmlc splits only where the magic number is, at multiples of four: any other length proves that somebody else split.
  return rules.multipart === 'dmlc' && (word & 3) !== 0 ? PART_AMBIGUOUS : PART_CONTINUES;
}
