// Starting a program with nothing of this process but what it is given. The system's own functions for this are not
// visible from Swift on Linux, and there are none where apps may start no programs.

#ifndef COMPANION_PROCESSES_H
#define COMPANION_PROCESSES_H

#include <sys/types.h>

/// A pipe that no child inherits: `ends[0]` is read, without waiting, `ends[1]` is written.
/// Returns 0, or an error number.
int processes_pipe(int ends[_Nonnull 2]);

/// Starts a program: in the open folder `folder`, in a session of its own, with an empty standard input, with
/// `output` as its standard output and error, with no other open file, no signal blocked and none ignored.
///
/// `path` begins at `/`. `arguments` and `environment` end with NULL.
/// Returns 0 and the program's number, or an error number.
int processes_start(
    pid_t *_Nonnull number, const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
    char *_Nullable const *_Nonnull environment, int folder, int output);

/// Kills what is in a session: the group of its first process, and what has gone into other groups since. The first
/// process has not been waited for, so that the number is still the session's.
void processes_end_session(pid_t session);

#endif
