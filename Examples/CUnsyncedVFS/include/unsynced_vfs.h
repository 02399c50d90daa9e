#ifndef COMPANIONKIT_UNSYNCED_VFS_H
#define COMPANIONKIT_UNSYNCED_VFS_H

#include <stdint.h>

/// Makes SQLite lose, when this process is killed, whatever it has not synchronised: what a power cut does,
/// and a killed process does not, since the system keeps what was written.
///
/// Registers a VFS around the system's, as the default of this process. Writes and truncations of databases,
/// write-ahead logs and journals stay in memory, shared by all connections of the process, until a connection
/// synchronises the file. Locks, the shared memory beside the log, and the making and removing of files go
/// straight through; memory mapping is off. Several processes on one file would not see each other's
/// writes, so that only one may use it at a time.
///
/// \param leak_one_in One in so many writes also reaches the file before its time, as the system may write
///   back any sector whenever it likes; 0 for none.
/// \param seed Chooses which.
/// \return An SQLite result code; `SQLITE_OK` too when it is registered already.
int unsynced_vfs_register(uint32_t leak_one_in, uint64_t seed);

/// How many blocks wait to be synchronised, in all files.
uint64_t unsynced_vfs_pending_blocks(void);

#endif
