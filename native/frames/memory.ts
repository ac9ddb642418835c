// Memory layout. The module owns memory below HEAP_BASE; the host owns the rest.

/** Results of a scan, eight u32. The first 64 bytes of memory are unused. */
export const SCAN_STATE: usize = 64;
export const HEAP_BASE: usize = 1024;
