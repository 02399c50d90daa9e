#include "overlay.h"

#include <stdlib.h>
#include <string.h>

enum { block_size = 4096, sector_size = 512 };

struct Overlay {
  Overlay *next;
  dev_t device;
  ino_t number;
  int references;
  /// The size as this process sees it.
  sqlite3_int64 size;
  /// Up to where the file's own content still counts: the smallest size since the last synchronisation.
  sqlite3_int64 kept;
  /// Whether a truncation waits.
  int is_cut;
  /// The blocks that wait, by their number; `NULL` for one that does not.
  unsigned char **blocks;
  sqlite3_int64 capacity;
};

static Overlay *overlays;
static uint64_t pending;
static uint32_t leak_one_in;
static uint64_t leak_state;

static sqlite3_int64 smaller(sqlite3_int64 left, sqlite3_int64 right) { return left < right ? left : right; }

// MARK: Chance

void overlay_leak(uint32_t one_in, uint64_t seed) {
  leak_one_in = one_in;
  leak_state = seed;
}

/// SplitMix64, https://doi.org/10.1145/2714064.2660195.
static uint64_t chance(void) {
  uint64_t bits = leak_state += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

/// Lets one sector of a block reach the file before its time.
static void leak(sqlite3_file *real, const unsigned char *block, sqlite3_int64 number) {
  if (leak_one_in == 0 || chance() % leak_one_in != 0) return;
  sqlite3_int64 within = (sqlite3_int64)(chance() % (block_size / sector_size)) * sector_size;
  // It is no promise: nobody has to know when it fails.
  (void)real->pMethods->xWrite(real, block + within, sector_size, number * block_size + within);
}

// MARK: Blocks

static void drop_block(Overlay *overlay, sqlite3_int64 number) {
  if (overlay->blocks[number] == NULL) return;
  free(overlay->blocks[number]);
  overlay->blocks[number] = NULL;
  pending -= 1;
}

static void drop_blocks(Overlay *overlay, sqlite3_int64 from) {
  for (sqlite3_int64 number = from; number < overlay->capacity; number += 1) drop_block(overlay, number);
}

/// Reads what the file itself says of a part of a block; what it does not say is zero.
static int read_kept(
  const Overlay *overlay, sqlite3_file *real, unsigned char *bytes, sqlite3_int64 count,
  sqlite3_int64 offset
) {
  memset(bytes, 0, (size_t)count);
  sqlite3_int64 there = smaller(count, overlay->kept - offset);
  if (there <= 0) return SQLITE_OK;
  int code = real->pMethods->xRead(real, bytes, (int)there, offset);
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

/// The block to write to, with its present content.
static int block_to_write(
  Overlay *overlay, sqlite3_file *real, sqlite3_int64 number, unsigned char **found
) {
  if (number >= overlay->capacity) {
    sqlite3_int64 capacity = number + 1 > overlay->capacity * 2 ? number + 1 : overlay->capacity * 2;
    unsigned char **blocks = realloc(overlay->blocks, (size_t)capacity * sizeof *blocks);
    if (blocks == NULL) return SQLITE_IOERR_NOMEM;
    memset(blocks + overlay->capacity, 0, (size_t)(capacity - overlay->capacity) * sizeof *blocks);
    overlay->blocks = blocks;
    overlay->capacity = capacity;
  }
  if (overlay->blocks[number] == NULL) {
    unsigned char *block = malloc(block_size);
    if (block == NULL) return SQLITE_IOERR_NOMEM;
    int code = read_kept(overlay, real, block, block_size, number * block_size);
    if (code != SQLITE_OK) {
      free(block);
      return code;
    }
    overlay->blocks[number] = block;
    pending += 1;
  }
  *found = overlay->blocks[number];
  return SQLITE_OK;
}

// MARK: Files

Overlay *overlay_find(const struct stat *file) {
  for (Overlay *overlay = overlays; overlay != NULL; overlay = overlay->next) {
    if (overlay->device == file->st_dev && overlay->number == file->st_ino) return overlay;
  }
  return NULL;
}

Overlay *overlay_open(const struct stat *file, sqlite3_file *real, int *code) {
  Overlay *overlay = overlay_find(file);
  if (overlay == NULL) {
    overlay = calloc(1, sizeof *overlay);
    *code = SQLITE_NOMEM;
    if (overlay == NULL) return NULL;
    *code = real->pMethods->xFileSize(real, &overlay->size);
    if (*code != SQLITE_OK) {
      free(overlay);
      return NULL;
    }
    overlay->kept = overlay->size;
    overlay->device = file->st_dev;
    overlay->number = file->st_ino;
    overlay->next = overlays;
    overlays = overlay;
  }
  overlay->references += 1;
  *code = SQLITE_OK;
  return overlay;
}

static int is_clean(const Overlay *overlay) {
  if (overlay->is_cut || overlay->kept != overlay->size) return 0;
  for (sqlite3_int64 number = 0; number < overlay->capacity; number += 1) {
    if (overlay->blocks[number] != NULL) return 0;
  }
  return 1;
}

void overlay_close(Overlay *overlay) {
  overlay->references -= 1;
  if (overlay->references > 0) return;
  Overlay **place = &overlays;
  while (*place != NULL && *place != overlay) place = &(*place)->next;
  // One that is no longer in the list belongs to a file that was removed.
  if (*place == overlay) {
    if (!is_clean(overlay)) return;
    *place = overlay->next;
  }
  drop_blocks(overlay, 0);
  free(overlay->blocks);
  free(overlay);
}

void overlay_forget(const struct stat *file) {
  Overlay *overlay = overlay_find(file);
  if (overlay == NULL) return;
  Overlay **place = &overlays;
  while (*place != overlay) place = &(*place)->next;
  *place = overlay->next;
  // Whoever still has the file open keeps it as it is.
  overlay->references += 1;
  overlay_close(overlay);
}

// MARK: Content

int overlay_read(Overlay *overlay, sqlite3_file *real, void *bytes, int count, sqlite3_int64 offset) {
  unsigned char *target = bytes;
  sqlite3_int64 end = smaller(offset + count, overlay->size);
  sqlite3_int64 at = offset;
  while (at < end) {
    sqlite3_int64 number = at / block_size;
    sqlite3_int64 length = smaller(end, (number + 1) * block_size) - at;
    if (number < overlay->capacity && overlay->blocks[number] != NULL) {
      memcpy(target + (at - offset), overlay->blocks[number] + at % block_size, (size_t)length);
    } else {
      int code = read_kept(overlay, real, target + (at - offset), length, at);
      if (code != SQLITE_OK) return code;
    }
    at += length;
  }
  if (at >= offset + count) return SQLITE_OK;
  memset(target + (at - offset), 0, (size_t)(offset + count - at));
  return SQLITE_IOERR_SHORT_READ;
}

int overlay_write(
  Overlay *overlay, sqlite3_file *real, const void *bytes, int count, sqlite3_int64 offset
) {
  const unsigned char *source = bytes;
  sqlite3_int64 end = offset + count;
  for (sqlite3_int64 at = offset; at < end;) {
    sqlite3_int64 number = at / block_size;
    sqlite3_int64 length = smaller(end, (number + 1) * block_size) - at;
    unsigned char *block;
    int code = block_to_write(overlay, real, number, &block);
    if (code != SQLITE_OK) return code;
    memcpy(block + at % block_size, source + (at - offset), (size_t)length);
    leak(real, block, number);
    at += length;
  }
  if (end > overlay->size) overlay->size = end;
  return SQLITE_OK;
}

void overlay_truncate(Overlay *overlay, sqlite3_int64 size) {
  sqlite3_int64 whole = (size + block_size - 1) / block_size;
  drop_blocks(overlay, whole);
  // Were the file to grow again, the rest of its last block would be zero.
  sqlite3_int64 within = size % block_size;
  if (within != 0 && whole <= overlay->capacity && overlay->blocks[whole - 1] != NULL) {
    memset(overlay->blocks[whole - 1] + within, 0, (size_t)(block_size - within));
  }
  overlay->kept = smaller(overlay->kept, size);
  overlay->size = size;
  overlay->is_cut = 1;
}

sqlite3_int64 overlay_size(const Overlay *overlay) { return overlay->size; }

int overlay_flush(Overlay *overlay, sqlite3_file *real) {
  sqlite3_int64 size;
  int code = real->pMethods->xFileSize(real, &size);
  if (code != SQLITE_OK) return code;
  if (size > overlay->kept) {
    code = real->pMethods->xTruncate(real, overlay->kept);
    if (code != SQLITE_OK) return code;
  }
  for (sqlite3_int64 number = 0; number < overlay->capacity; number += 1) {
    if (overlay->blocks[number] == NULL) continue;
    sqlite3_int64 offset = number * block_size;
    sqlite3_int64 length = smaller(block_size, overlay->size - offset);
    code = real->pMethods->xWrite(real, overlay->blocks[number], (int)length, offset);
    if (code != SQLITE_OK) return code;
    drop_block(overlay, number);
    // A failure further on must leave no hole in what counts.
    if (offset + length > overlay->kept) overlay->kept = offset + length;
  }
  code = real->pMethods->xFileSize(real, &size);
  if (code == SQLITE_OK && size < overlay->size) code = real->pMethods->xTruncate(real, overlay->size);
  if (code != SQLITE_OK) return code;
  overlay->kept = overlay->size;
  overlay->is_cut = 0;
  return SQLITE_OK;
}

uint64_t overlay_pending_blocks(void) { return pending; }
