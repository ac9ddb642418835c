// Kernels for x86-64: `sse4.2` uses the CRC32 instruction, and `avx512` folds 256 bytes at a time by
// VPCLMULQDQ.
#if defined(__x86_64__)

#include "crc32c.h"

#include <immintrin.h>

#define TARGET __attribute__((target("sse4.2,pclmul")))
#define CRC_8(crc, byte) _mm_crc32_u8(crc, byte)
#define CRC_16(crc, word) _mm_crc32_u16(crc, word)
#define CRC_32(crc, word) _mm_crc32_u32(crc, word)
#define CRC_64(crc, word) (uint32_t)_mm_crc32_u64(crc, word)
#define MULTIPLY(a, b) low_product(a, b)

TARGET static inline uint64_t low_product(uint64_t a, uint64_t b) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a), _mm_cvtsi64_si128((int64_t)b), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "streams.inc"

#define UPDATE update_in_streams
#define NAME sse42
#define KERNEL_NAME "sse4.2"
#include "tfrecord.inc"

#undef TARGET
#define TARGET __attribute__((target("sse4.2,pclmul,avx512f,avx512vl,vpclmulqdq")))

// Factors that fold 16 bytes over a distance: one for the first 8 bytes, one for the others. A
// register of 16 bytes is a polynomial with its bits reversed: bit 0 is the highest power.
static uint64_t fold_16[2], fold_32[2], fold_48[2], fold_64[2], fold_128[2], fold_256[2];

static void prepare_fold(uint64_t factors[2], unsigned distance) {
  factors[0] = (uint64_t)power_of_x(8 * distance + 63) << 32;
  factors[1] = (uint64_t)power_of_x(8 * distance - 1) << 32;
}

TARGET static inline __m512i broadcast(const uint64_t factors[2]) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)factors));
}

// Folds `words` into `next`, the words that follow at the distance of the factors.
TARGET static inline __m512i fold(__m512i words, __m512i factors, __m512i next) {
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(words, factors, 0x00),
                                   _mm512_clmulepi64_epi128(words, factors, 0x11), next, 0x96);
}

TARGET static inline uint32_t update_by_folding(uint32_t crc, const uint8_t *bytes, size_t length) {
  if (length < 128) return update_words(crc, bytes, length);
  const __m512i start = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc));
  __m512i last = _mm512_xor_si512(_mm512_loadu_si512(bytes), start);
  bytes += 64;
  length -= 64;
  if (length >= 448) {
    __m512i a = last, b = _mm512_loadu_si512(bytes), c = _mm512_loadu_si512(bytes + 64);
    __m512i d = _mm512_loadu_si512(bytes + 128);
    const __m512i by_256 = broadcast(fold_256), by_128 = broadcast(fold_128);
    bytes += 192;
    length -= 192;
    for (; length >= 256; bytes += 256, length -= 256) {
      a = fold(a, by_256, _mm512_loadu_si512(bytes));
      b = fold(b, by_256, _mm512_loadu_si512(bytes + 64));
      c = fold(c, by_256, _mm512_loadu_si512(bytes + 128));
      d = fold(d, by_256, _mm512_loadu_si512(bytes + 192));
    }
    last = fold(fold(a, by_128, c), broadcast(fold_64), fold(b, by_128, d));
  }
  const __m512i by_64 = broadcast(fold_64);
  for (; length >= 64; bytes += 64, length -= 64) last = fold(last, by_64, _mm512_loadu_si512(bytes));
  // Folds the first three of the four groups of 16 bytes into the fourth.
  const __m512i factors = _mm512_set_epi64(0, 0, (int64_t)fold_16[1], (int64_t)fold_16[0],
                                           (int64_t)fold_32[1], (int64_t)fold_32[0],
                                           (int64_t)fold_48[1], (int64_t)fold_48[0]);
  const __m512i folded = _mm512_xor_si512(_mm512_clmulepi64_epi128(last, factors, 0x00),
                                          _mm512_clmulepi64_epi128(last, factors, 0x11));
  const __m128i rest = _mm_xor_si128(
      _mm_xor_si128(_mm512_extracti32x4_epi32(folded, 0), _mm512_extracti32x4_epi32(folded, 1)),
      _mm_xor_si128(_mm512_extracti32x4_epi32(folded, 2), _mm512_extracti32x4_epi32(last, 3)));
  crc = CRC_64(0, (uint64_t)_mm_cvtsi128_si64(rest));
  crc = CRC_64(crc, (uint64_t)_mm_extract_epi64(rest, 1));
  return update_words(crc, bytes, length);
}

#define UPDATE update_by_folding
#define NAME avx512
#define KERNEL_NAME "avx512"
#include "tfrecord.inc"

int find_kernels(const kernel *found[MAX_KERNELS]) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("pclmul")) return 0;
  int count = 0;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("vpclmulqdq")) {
    prepare_fold(fold_16, 16);
    prepare_fold(fold_32, 32);
    prepare_fold(fold_48, 48);
    prepare_fold(fold_64, 64);
    prepare_fold(fold_128, 128);
    prepare_fold(fold_256, 256);
    found[count++] = &kernel_avx512;
  }
  prepare_streams();
  found[count++] = &kernel_sse42;
  return count;
}

#endif
