#ifndef COMPANIONKIT_CSQLITE_H
#define COMPANIONKIT_CSQLITE_H

#include <sqlite3.h>

/// `SQLITE_TRANSIENT` is a cast that Swift's importer drops: SQLite copies the bytes before the call returns.
static inline sqlite3_destructor_type companion_sqlite_transient(void) { return SQLITE_TRANSIENT; }

#endif
