// Where the kernel keeps its things. Everything below HEAP_BASE is the kernel's, everything from there on the host's.

/** Six u32 left behind by scanTFRecords (see README). The first 64 bytes of memory stay unused. */
export const SCAN_STATE: usize = 64;

/** Slicing tables: table k, 256 u32, takes a byte that lies k bytes before the end of its group. */
export const TABLES: usize = 1024;
export const TABLE_COUNT: usize = 16;
export const TABLE_BYTES: usize = 1024;

/** Folded words of a long message: a ring that stays in the first-level cache. */
export const RING: usize = TABLES + TABLE_COUNT * TABLE_BYTES;
export const RING_BYTES: usize = 32768;

export const HEAP_BASE: usize = RING + RING_BYTES;
