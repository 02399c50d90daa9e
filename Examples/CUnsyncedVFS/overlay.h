#ifndef COMPANIONKIT_OVERLAY_H
#define COMPANIONKIT_OVERLAY_H

#include <sqlite3.h>
#include <stdint.h>
#include <sys/stat.h>

/// What this process has done to one file and not synchronised. All of these are called under one lock.
typedef struct Overlay Overlay;

/// Sets the chance that a write reaches the file before its time.
void overlay_leak(uint32_t one_in, uint64_t seed);

/// The overlay of the file that `real` has opened, made where there is none; `NULL` without memory.
Overlay *overlay_open(const struct stat *file, sqlite3_file *real, int *code);
/// Lets go of it. What waits in it stays for the next one who opens the file.
void overlay_close(Overlay *overlay);
/// The overlay of a file, or `NULL`.
Overlay *overlay_find(const struct stat *file);
/// Forgets what waits for a file that is gone.
void overlay_forget(const struct stat *file);

int overlay_read(Overlay *overlay, sqlite3_file *real, void *bytes, int count, sqlite3_int64 offset);
int overlay_write(
  Overlay *overlay, sqlite3_file *real, const void *bytes, int count, sqlite3_int64 offset);
void overlay_truncate(Overlay *overlay, sqlite3_int64 size);
sqlite3_int64 overlay_size(const Overlay *overlay);
/// Brings everything that waits into the file; the caller then synchronises it.
int overlay_flush(Overlay *overlay, sqlite3_file *real);

/// How many blocks wait, in all files.
uint64_t overlay_pending_blocks(void);

#endif
