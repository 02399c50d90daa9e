#include "unsynced_vfs.h"

#include "overlay.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

/// A file of the system's VFS, with what this process has not synchronised over it. The system's own object
/// lies right behind.
typedef struct {
  sqlite3_file base;
  sqlite3_file *real;
  Overlay *overlay;
} File;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *parent;
static sqlite3_vfs unsynced;

static sqlite3_file *real_file(sqlite3_file *file) { return ((File *)file)->real; }
static Overlay *overlay_of(sqlite3_file *file) { return ((File *)file)->overlay; }

// MARK: What is held back

static int file_close(sqlite3_file *file) {
  pthread_mutex_lock(&lock);
  overlay_close(overlay_of(file));
  pthread_mutex_unlock(&lock);
  return real_file(file)->pMethods->xClose(real_file(file));
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  pthread_mutex_lock(&lock);
  int code = overlay_read(overlay_of(file), real_file(file), bytes, count, offset);
  pthread_mutex_unlock(&lock);
  return code;
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  pthread_mutex_lock(&lock);
  int code = overlay_write(overlay_of(file), real_file(file), bytes, count, offset);
  pthread_mutex_unlock(&lock);
  return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  pthread_mutex_lock(&lock);
  overlay_truncate(overlay_of(file), size);
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  pthread_mutex_lock(&lock);
  *size = overlay_size(overlay_of(file));
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags) {
  pthread_mutex_lock(&lock);
  int code = overlay_flush(overlay_of(file), real_file(file));
  pthread_mutex_unlock(&lock);
  // Outside the lock: it takes long, and readers shall go on.
  return code == SQLITE_OK ? real_file(file)->pMethods->xSync(real_file(file), flags) : code;
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
  switch (operation) {
  // These would have the system's VFS change the file's size, or map it, by itself.
  case SQLITE_FCNTL_SIZE_HINT:
  case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
  case SQLITE_FCNTL_MMAP_SIZE: return SQLITE_NOTFOUND;
  default: return real_file(file)->pMethods->xFileControl(real_file(file), operation, argument);
  }
}

// MARK: What goes straight through

static int file_lock(sqlite3_file *file, int level) {
  return real_file(file)->pMethods->xLock(real_file(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
  return real_file(file)->pMethods->xUnlock(real_file(file), level);
}

static int file_check_reserved_lock(sqlite3_file *file, int *is_reserved) {
  return real_file(file)->pMethods->xCheckReservedLock(real_file(file), is_reserved);
}

static int file_sector_size(sqlite3_file *file) {
  return real_file(file)->pMethods->xSectorSize(real_file(file));
}

static int file_device_characteristics(sqlite3_file *file) {
  return real_file(file)->pMethods->xDeviceCharacteristics(real_file(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int may_extend, void volatile **found) {
  return real_file(file)->pMethods->xShmMap(real_file(file), page, size, may_extend, found);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real_file(file)->pMethods->xShmLock(real_file(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { real_file(file)->pMethods->xShmBarrier(real_file(file)); }

static int file_shm_unmap(sqlite3_file *file, int removes) {
  return real_file(file)->pMethods->xShmUnmap(real_file(file), removes);
}

/// Of version 2, which has no memory mapping.
static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_device_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

// MARK: The VFS

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *opened) {
  (void)vfs;
  int is_held_back = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
  // What is temporary means nothing after a crash: the system's own object does.
  if (name == NULL || !is_held_back) return parent->xOpen(parent, name, file, flags, opened);
  File *this = (File *)file;
  memset(this, 0, sizeof *this);
  this->real = (sqlite3_file *)(this + 1);
  memset(this->real, 0, (size_t)parent->szOsFile);
  int code = parent->xOpen(parent, name, this->real, flags, opened);
  struct stat status;
  if (code == SQLITE_OK && stat(name, &status) != 0) code = SQLITE_CANTOPEN;
  if (code == SQLITE_OK) {
    pthread_mutex_lock(&lock);
    this->overlay = overlay_open(&status, this->real, &code);
    pthread_mutex_unlock(&lock);
  }
  if (code == SQLITE_OK) {
    this->base.pMethods = &methods;
  } else if (this->real->pMethods != NULL) {
    this->real->pMethods->xClose(this->real);
  }
  return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int synchronises) {
  (void)vfs;
  struct stat status;
  // A file with another name is not gone with this one.
  int is_gone = stat(name, &status) == 0 && status.st_nlink == 1;
  int code = parent->xDelete(parent, name, synchronises);
  if (code == SQLITE_OK && is_gone) {
    pthread_mutex_lock(&lock);
    overlay_forget(&status);
    pthread_mutex_unlock(&lock);
  }
  return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int question, int *answer) {
  (void)vfs;
  int code = parent->xAccess(parent, name, question, answer);
  struct stat status;
  if (code != SQLITE_OK || question != SQLITE_ACCESS_EXISTS || stat(name, &status) != 0) return code;
  // A file without content counts as none; the content may be here alone.
  pthread_mutex_lock(&lock);
  const Overlay *overlay = overlay_find(&status);
  if (overlay != NULL) *answer = overlay_size(overlay) > 0;
  pthread_mutex_unlock(&lock);
  return code;
}

int unsynced_vfs_register(uint32_t leak_one_in, uint64_t seed) {
  if (parent != NULL) return SQLITE_OK;
  sqlite3_vfs *found = sqlite3_vfs_find(NULL);
  if (found == NULL) return SQLITE_ERROR;
  // What is not said anew, such as the time, does not depend on which VFS asks.
  unsynced = *found;
  unsynced.zName = "unsynced";
  unsynced.pNext = NULL;
  unsynced.szOsFile = (int)sizeof(File) + found->szOsFile;
  unsynced.xOpen = vfs_open;
  unsynced.xDelete = vfs_delete;
  unsynced.xAccess = vfs_access;
  parent = found;
  overlay_leak(leak_one_in, seed);
  return sqlite3_vfs_register(&unsynced, 1);
}

uint64_t unsynced_vfs_pending_blocks(void) {
  pthread_mutex_lock(&lock);
  uint64_t count = overlay_pending_blocks();
  pthread_mutex_unlock(&lock);
  return count;
}
