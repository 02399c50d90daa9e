#ifndef COMPANIONKIT_VECTOR_KERNELS_H
#define COMPANIONKIT_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The inner loops of vector search. Rows of numbers are `blocks` times 16 floats, filled up with zeros. Every
// kernel gives the same numbers, to the bit, on every processor: it sums in 16 lanes, whatever registers they take,
// and never fuses a product with a sum.

/// Whether this processor has the instructions that the wide kernels use.
bool vector_kernels_are_wide(void);

/// Copies the numbers of a vector into a row, with zeros behind them. What is nearer to 0 than 10^-15 becomes 0:
/// products of such numbers are subnormal, and processors take a hundred cycles for each.
void vector_row_copy(const float *vector, size_t dimension, float *row, size_t blocks);

/// Adds a row, times `scale`, to a sum of rows.
void vector_row_add(const float *row, size_t blocks, float scale, float *sum);

/// What the bits of a row leave out.
typedef struct VectorRowSummary {
  /// What a bit is worth.
  float scale;
  /// How much of the centre is in what the bits tell.
  float offset;
} VectorRowSummary;

/// A bit for each number of a row, divided by its length, set where it is greater than the centre's.
void vector_row_bits(
  bool wide, const float *row, size_t blocks, const float *centre, float inverse_length, uint64_t *bits,
  VectorRowSummary *summary);

/// For each byte of bits, and each of its values: the sum of a query's eight numbers there, those without a bit
/// subtracted. `numbers` has 64 times `words`, `table` room for 2048 times `words`.
void vector_sign_table(const float *numbers, size_t words, float *table);

/// The sums of all numbers that a table is made of, those without a bit in a row subtracted, for rows at places.
void vector_rows_signed_sums(
  const uint64_t *bits, size_t words, const uint32_t *places, size_t count, const float *table, float *sums);

/// The rows of bits that differ from the query's in fewer than `limit` places, in their order.
///
/// - `count`: at most 65536.
/// - `found`: has room for `count`; each is the distance times 65536, plus the row's number.
/// - Returns how many there are.
size_t vector_rows_within(
  bool wide, const uint64_t *rows, size_t count, size_t words, const uint64_t *query, uint32_t limit,
  uint32_t *found);

/// The scalar products of rows that follow each other with a query.
void vector_rows_products(
  bool wide, const float *rows, size_t count, size_t blocks, const float *query, float *products);

/// Asks for a row that is needed soon.
static inline void vector_row_prefetch(const void *row, size_t bytes) {
  for (size_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch((const char *)row + byte, 0, 3);
}

#endif
