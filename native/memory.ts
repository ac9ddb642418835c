// Memory layout. The kernel owns memory below HEAP_BASE; the host owns the rest. Memory is
// initially zero. Ranges documented as zero are never written.

/** Results of scanTFRecords, six u32 (see README). The first 64 bytes of memory are unused. */
export const SCAN_STATE: usize = 64;

/**
 * 64 zero bytes, then 64 bytes 0xff. The 16 bytes at START_MASK + 64 - n mask out the first n
 * bytes.
 */
export const START_MASK: usize = 128;
/** 64 zero bytes, four 0xff, 60 zero bytes: a mask for the first four bytes of a message. */
export const SEED_MASK: usize = 256;

/** Slicing tables. Table k (256 u32) is for the byte k bytes before the end of its group. */
export const TABLES: usize = 1024;
export const TABLE_COUNT: usize = 16;
export const TABLE_BYTES: usize = 1024;

/** The rest of a message after fold-medium, fold-few, and fold-short. */
export const MEDIUM_REST: usize = TABLES + TABLE_COUNT * TABLE_BYTES;
export const MEDIUM_REST_BYTES: usize = 384;
export const FEW_REST: usize = MEDIUM_REST + MEDIUM_REST_BYTES;
export const FEW_REST_BYTES: usize = 192;
export const SHORT_REST: usize = FEW_REST + FEW_REST_BYTES;
export const SHORT_REST_BYTES: usize = 64;

/** Zeros, followed by the folded words of fold-few or fold-medium. */
export const ZEROS: usize = SHORT_REST + SHORT_REST_BYTES;
export const ZEROS_BYTES: usize = 384;
export const MEDIUM_WORDS: usize = ZEROS + ZEROS_BYTES;
export const MEDIUM_WORDS_BYTES: usize = 384 + 4096 + 256;
export const FEW_WORDS: usize = MEDIUM_WORDS;

/** Shifted words of fold-few, after 128 bytes that are zero. */
export const FEW_TWINS: usize = MEDIUM_WORDS + MEDIUM_WORDS_BYTES + 128;
export const FEW_TWINS_BYTES: usize = 2048;

/** Folded words of a long message: a ring followed by a copy of its first block. */
export const LONG_RING: usize = FEW_TWINS + FEW_TWINS_BYTES;
export const LONG_RING_BYTES: usize = 8192;
export const LONG_BLOCK: usize = 256;

/** The rest of a message after fold-long. */
export const LONG_REST: usize = LONG_RING + LONG_RING_BYTES + LONG_BLOCK;
export const LONG_REST_BYTES: usize = 23 * LONG_BLOCK;

export const HEAP_BASE: usize = LONG_REST + LONG_REST_BYTES;
