#include "vector_kernels.h"

#include <string.h>

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
// Not both: the compiler would rather count bits by table in wide registers, which is no faster.
#define COUNTING __attribute__((target("popcnt")))
#else
#define WIDE
#define COUNTING
#endif

// A kernel is written once, and compiled into each function that names the instructions it may use.
#define KERNEL static inline __attribute__((always_inline))

#pragma STDC FP_CONTRACT OFF

// How far ahead memory is asked for.
enum { AHEAD = 1536 };

// Sixteen numbers on any address of a number: Swift's arrays promise no more.
typedef float Lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t Integers __attribute__((vector_size(64), aligned(4)));

bool vector_kernels_are_wide(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
#else
  return false;
#endif
}

KERNEL float sum(const Lanes *lanes) {
  float eight[8], four[4];
  for (int i = 0; i < 8; i++) eight[i] = (*lanes)[i] + (*lanes)[i + 8];
  for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

void vector_row_copy(const float *vector, size_t dimension, float *row, size_t blocks) {
  for (size_t i = 0; i < dimension; i++) row[i] = __builtin_fabsf(vector[i]) < 1e-15F ? 0 : vector[i];
  memset(row + dimension, 0, (blocks * 16 - dimension) * sizeof(float));
}

void vector_row_add(const float *row, size_t blocks, float scale, float *sum) {
  for (size_t i = 0; i < blocks * 16; i++) sum[i] += row[i] * scale;
}

KERNEL uint32_t sixteen_bits(const Integers *mask) {
  const Integers weights = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
  Integers weighed = *mask & weights;
  int32_t four[4];
  for (int i = 0; i < 4; i++) four[i] = (weighed[i] | weighed[i + 4]) | (weighed[i + 8] | weighed[i + 12]);
  return (uint32_t)((four[0] | four[1]) | (four[2] | four[3]));
}

KERNEL void row_bits(
  const float *row, size_t blocks, const float *centre, float inverse_length, uint64_t *bits,
  VectorRowSummary *summary) {
  Lanes squares = {0}, sizes = {0}, products = {0};
  uint64_t word = 0;
  for (size_t block = 0; block < blocks; block++) {
    Lanes middle = ((const Lanes *)centre)[block];
    Lanes away = ((const Lanes *)row)[block] * inverse_length - middle;
    Integers above = away > 0;
    word |= (uint64_t)sixteen_bits(&above) << (block % 4 * 16);
    if (block % 4 == 3 || block + 1 == blocks) {
      bits[block / 4] = word;
      word = 0;
    }
    squares += away * away;
    sizes += (Lanes)((Integers)away & 0x7fffffff);
    products += away * middle;
  }
  float whole = sum(&sizes);
  summary->scale = whole > 0 ? sum(&squares) / whole : 0;
  summary->offset = sum(&products);
}

WIDE static void wide_row_bits(
  const float *row, size_t blocks, const float *centre, float inverse_length, uint64_t *bits,
  VectorRowSummary *summary) {
  row_bits(row, blocks, centre, inverse_length, bits, summary);
}

void vector_row_bits(
  bool wide, const float *row, size_t blocks, const float *centre, float inverse_length, uint64_t *bits,
  VectorRowSummary *summary) {
  if (wide) {
    wide_row_bits(row, blocks, centre, inverse_length, bits, summary);
  } else {
    row_bits(row, blocks, centre, inverse_length, bits, summary);
  }
}

void vector_sign_table(const float *numbers, size_t words, float *table) {
  for (size_t byte = 0; byte < words * 8; byte++, numbers += 8, table += 256) {
    float none = 0;
    for (int i = 0; i < 8; i++) none -= numbers[i];
    table[0] = none;
    for (int value = 1; value < 256; value++) {
      table[value] = table[value & (value - 1)] + 2 * numbers[__builtin_ctz((unsigned)value)];
    }
  }
}

void vector_rows_signed_sums(
  const uint64_t *bits, size_t words, const uint32_t *places, size_t count, const float *table, float *sums) {
  for (size_t i = 0; i < count; i++) vector_row_prefetch(bits + places[i] * words, words * sizeof(uint64_t));
  for (size_t i = 0; i < count; i++) {
    const uint64_t *row = bits + places[i] * words;
    const float *byte = table;
    float four[4] = {0, 0, 0, 0};
    for (size_t word = 0; word < words; word++, byte += 2048) {
      uint64_t rest = row[word];
      for (int j = 0; j < 8; j++) four[j % 4] += byte[j * 256 + (int)(rest >> (8 * j) & 255)];
    }
    sums[i] = (four[0] + four[2]) + (four[1] + four[3]);
  }
}

// MARK: Distances

KERNEL size_t rows_within(
  const uint64_t *rows, size_t count, size_t words, const uint64_t *query, uint32_t limit, uint32_t *found) {
  size_t within = 0;
  for (size_t row = 0; row < count; row++, rows += words) {
    __builtin_prefetch((const char *)rows + AHEAD, 0, 3);
    uint32_t distance = 0;
    for (size_t word = 0; word < words; word++) {
      distance += (uint32_t)__builtin_popcountll(rows[word] ^ query[word]);
    }
    // Written always, kept where it counts: no branch to guess.
    found[within] = distance << 16 | (uint32_t)row;
    within += distance < limit;
  }
  return within;
}

// For the usual dimensions the compiler knows how many words there are.
KERNEL size_t rows_within_known(
  const uint64_t *rows, size_t count, size_t words, const uint64_t *query, uint32_t limit, uint32_t *found) {
  switch (words) {
  case 6: return rows_within(rows, count, 6, query, limit, found);
  case 12: return rows_within(rows, count, 12, query, limit, found);
  case 16: return rows_within(rows, count, 16, query, limit, found);
  default: return rows_within(rows, count, words, query, limit, found);
  }
}

COUNTING static size_t wide_rows_within(
  const uint64_t *rows, size_t count, size_t words, const uint64_t *query, uint32_t limit, uint32_t *found) {
  return rows_within_known(rows, count, words, query, limit, found);
}

size_t vector_rows_within(
  bool wide, const uint64_t *rows, size_t count, size_t words, const uint64_t *query, uint32_t limit,
  uint32_t *found) {
  if (wide) return wide_rows_within(rows, count, words, query, limit, found);
  return rows_within_known(rows, count, words, query, limit, found);
}

// MARK: Products

KERNEL void rows_products(const float *rows, size_t count, size_t blocks, const float *query, float *products) {
  const Lanes *asked = (const Lanes *)query, *a = (const Lanes *)rows;
  size_t row = 0;
  // Four rows at a time: a sum waits for the one before it, four of them do not wait for each other.
  for (; row + 4 <= count; row += 4, a += 4 * blocks) {
    const Lanes *b = a + blocks, *c = b + blocks, *d = c + blocks;
    Lanes sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i < blocks; i++) {
      __builtin_prefetch(a + 4 * blocks + i, 0, 3);
      __builtin_prefetch(b + 4 * blocks + i, 0, 3);
      __builtin_prefetch(c + 4 * blocks + i, 0, 3);
      __builtin_prefetch(d + 4 * blocks + i, 0, 3);
      sums[0] += a[i] * asked[i];
      sums[1] += b[i] * asked[i];
      sums[2] += c[i] * asked[i];
      sums[3] += d[i] * asked[i];
    }
    for (int i = 0; i < 4; i++) products[row + (size_t)i] = sum(&sums[i]);
  }
  for (; row < count; row++, a += blocks) {
    Lanes lanes = {0};
    for (size_t i = 0; i < blocks; i++) lanes += a[i] * asked[i];
    products[row] = sum(&lanes);
  }
}

WIDE static void wide_rows_products(
  const float *rows, size_t count, size_t blocks, const float *query, float *products) {
  rows_products(rows, count, blocks, query, products);
}

void vector_rows_products(
  bool wide, const float *rows, size_t count, size_t blocks, const float *query, float *products) {
  if (wide) {
    wide_rows_products(rows, count, blocks, query, products);
  } else {
    rows_products(rows, count, blocks, query, products);
  }
}
