// The kernel for 64-bit ARM, by the CRC32C instructions and PMULL of ARMv8.
#if defined(__aarch64__)

#include "crc32c.h"

#include <arm_acle.h>
#include <arm_neon.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#if defined(__clang__)
#define TARGET __attribute__((target("crc,aes")))
#else
#define TARGET __attribute__((target("+crc+crypto")))
#endif
#define CRC_8(crc, byte) __crc32cb(crc, byte)
#define CRC_16(crc, word) __crc32ch(crc, word)
#define CRC_32(crc, word) __crc32cw(crc, word)
#define CRC_64(crc, word) __crc32cd(crc, word)
#define MULTIPLY(a, b) low_product(a, b)

TARGET static inline uint64_t low_product(uint64_t a, uint64_t b) {
  return vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64((poly64_t)a, (poly64_t)b)), 0);
}

#include "streams.inc"

#define UPDATE update_in_streams
#define NAME armv8
#define KERNEL_NAME "armv8"
#include "tfrecord.inc"

static int has_instructions(void) {
#if defined(__linux__)
  const unsigned long needed = HWCAP_CRC32 | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & needed) == needed;
#else
  return 1; // Every processor of Apple has them.
#endif
}

int find_kernels(const kernel *found[MAX_KERNELS]) {
  if (!has_instructions()) return 0;
  prepare_streams();
  found[0] = &kernel_armv8;
  return 1;
}

#endif
