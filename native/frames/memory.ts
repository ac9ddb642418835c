// Where this module keeps its things. Everything below HEAP_BASE is its own, everything from there on the host's.

/** Eight u32 that a scan leaves behind. The first 64 bytes of memory stay unused. */
export const SCAN_STATE: usize = 64;
export const HEAP_BASE: usize = 1024;
