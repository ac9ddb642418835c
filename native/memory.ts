// Where the kernel keeps its things. Everything below HEAP_BASE is the kernel's, everything from there on the host's.
// Memory starts as zeros; stretches said to be zero are never written again.

/** Six u32 left behind by scanTFRecords (see README). The first 64 bytes of memory stay unused. */
export const SCAN_STATE: usize = 64;

/** 64 zero bytes, then 64 bytes 0xff: 16 bytes read from START_MASK + 64 - n on let through what lies n or more bytes in. */
export const START_MASK: usize = 128;
/** 64 zero bytes, four 0xff, 60 zero bytes: the same for the first four bytes of a message alone. */
export const SEED_MASK: usize = 256;

/** Slicing tables: table k, 256 u32, takes a byte that lies k bytes before the end of its group. */
export const TABLES: usize = 1024;
export const TABLE_COUNT: usize = 16;
export const TABLE_BYTES: usize = 1024;

/** What is left of a message after fold-medium, after fold-few, and after fold-short. */
export const MEDIUM_REST: usize = TABLES + TABLE_COUNT * TABLE_BYTES;
export const MEDIUM_REST_BYTES: usize = 384;
export const FEW_REST: usize = MEDIUM_REST + MEDIUM_REST_BYTES;
export const FEW_REST_BYTES: usize = 192;
export const SHORT_REST: usize = FEW_REST + FEW_REST_BYTES;
export const SHORT_REST_BYTES: usize = 64;

/** Zeros, and behind them the folded words of a message of few or medium many bytes. */
export const ZEROS: usize = SHORT_REST + SHORT_REST_BYTES;
export const ZEROS_BYTES: usize = 384;
export const MEDIUM_WORDS: usize = ZEROS + ZEROS_BYTES;
export const MEDIUM_WORDS_BYTES: usize = 384 + 4096 + 256;
export const FEW_WORDS: usize = MEDIUM_WORDS;

/** Shifted words of fold-few, after 128 bytes that are zero. */
export const FEW_TWINS: usize = MEDIUM_WORDS + MEDIUM_WORDS_BYTES + 128;
export const FEW_TWINS_BYTES: usize = 2048;

/** Folded words of a long message: a ring, and behind it once more the ring's first block. */
export const LONG_RING: usize = FEW_TWINS + FEW_TWINS_BYTES;
export const LONG_RING_BYTES: usize = 8192;
export const LONG_BLOCK: usize = 256;

/** What is left of a message after fold-long. */
export const LONG_REST: usize = LONG_RING + LONG_RING_BYTES + LONG_BLOCK;
export const LONG_REST_BYTES: usize = 23 * LONG_BLOCK;

export const HEAP_BASE: usize = LONG_REST + LONG_REST_BYTES;
