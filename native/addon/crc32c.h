// CRC-32C with the instructions of the processor, and walks over TFRecord frames.
#ifndef RECORDPIPE_CRC32C_H
#define RECORDPIPE_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Reasons why a scan stopped, and the bits that select checks. They equal those in
// src/formats/frame-scan.ts.
enum { NEED_MORE = 0, LENGTH_CHECKSUM = 1, DATA_CHECKSUM = 2, TOO_LARGE = 3, INDEX_FULL = 4 };
enum { CHECK_LENGTH = 1, CHECK_DATA = 2 };

enum { HEADER_BYTES = 12, OVERHEAD_BYTES = 16 };

typedef struct {
  // Position in the bytes at which the scan stopped, which is the start of a frame.
  size_t position;
  uint32_t stop;
  // Length field of the frame at `position`; 0 if its header is incomplete.
  uint32_t length_low, length_high;
  // Checksums, if they differ.
  uint32_t expected, actual;
  // Number of whole, valid frames.
  uint32_t count;
} frame_scan;

// The functions for one kind of processor.
typedef struct {
  const char *name;
  // Returns the CRC-32C of `length` bytes. `seed` is that of the preceding bytes.
  uint32_t (*crc32c)(const uint8_t *bytes, size_t length, uint32_t seed);
  // Scans the whole frames of `bytes[from, to)`. Writes the start and length of each payload to
  // `index`, which has room for `capacity` pairs, unless it is NULL.
  void (*scan)(const uint8_t *bytes, size_t from, size_t to, uint32_t *index, uint32_t capacity,
               uint32_t max_bytes, uint32_t checks, frame_scan *result);
  // Returns the first position in `bytes[from, to)` of a whole header with a valid checksum and a
  // length within the limit, or SIZE_MAX.
  size_t (*find)(const uint8_t *bytes, size_t from, size_t to, uint32_t max_bytes);
} kernel;

enum { MAX_KERNELS = 2 };

// Writes the kernels that this processor supports, fastest first, and returns their number. The
// caller must not run it on two threads at once.
int find_kernels(const kernel *found[MAX_KERNELS]);

// Returns x^exponent modulo the Castagnoli polynomial, with bits reversed: bit 31 is x^0.
static inline uint32_t power_of_x(unsigned exponent) {
  uint32_t power = 0x80000000u;
  while (exponent-- > 0) power = (power >> 1) ^ ((power & 1) ? 0x82f63b78u : 0);
  return power;
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

// Reports whether four zero bytes start at one of the sixteen positions at `at`. Reads 19 bytes.
static inline int any_four_zeros(const uint8_t *at) {
  bytes16 a, b, c, d;
  memcpy(&a, at, 16);
  memcpy(&b, at + 1, 16);
  memcpy(&c, at + 2, 16);
  memcpy(&d, at + 3, 16);
  const bytes16 zeros = (bytes16)((a | b | c | d) == 0);
  uint64_t halves[2];
  memcpy(halves, &zeros, 16);
  return (halves[0] | halves[1]) != 0;
}

// Masks a CRC-32C for storage in a TFRecord.
static inline uint32_t mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

#endif
