#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <TargetConditionals.h>
#if TARGET_OS_OSX
#include <libproc.h>
#endif
#endif

#if defined(__APPLE__) && !TARGET_OS_OSX

int processes_pipe(int ends[2]) {
  (void)ends;
  return ENOTSUP;
}

int processes_start(
    pid_t *number, const char *path, char *const *arguments, char *const *environment, int folder,
    int output) {
  (void)number, (void)path, (void)arguments, (void)environment, (void)folder, (void)output;
  return ENOTSUP;
}

void processes_end_session(pid_t session) { (void)session; }

#else

int processes_pipe(int ends[2]) {
#if defined(__APPLE__)
  if (pipe(ends) != 0) return errno;
  int failed = fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1;
#else
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  int failed = 0;
#endif
  if (!failed && fcntl(ends[0], F_SETFL, O_NONBLOCK) != -1) return 0;
  int code = errno;
  close(ends[0]);
  close(ends[1]);
  return code;
}

#if !defined(__APPLE__)
/// The number that a name in /proc is; 0 where it is none.
static int number_of(const struct dirent *entry) {
  char *end;
  long number = strtol(entry->d_name, &end, 10);
  return *end == 0 && number > 0 && number <= INT_MAX ? (int)number : 0;
}
#endif

#if !defined(__APPLE__) && !defined(__GLIBC__)
/// Closes what is open now: there is no call for what will be. What another thread opens meanwhile, without saying
/// that no program inherits it, is inherited.
static int close_what_is_open(posix_spawn_file_actions_t *actions) {
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) return errno;
  int code = 0;
  const struct dirent *entry;
  while (code == 0 && (entry = readdir(folder)) != NULL) {
    int number = number_of(entry);
    if (number > STDERR_FILENO) code = posix_spawn_file_actions_addclose(actions, number);
  }
  closedir(folder);
  return code;
}
#endif

static int prepare_actions(posix_spawn_file_actions_t *actions, int folder, int output) {
  // In this order nothing is overwritten that is still needed, whatever the numbers are.
  int code = posix_spawn_file_actions_addfchdir_np(actions, folder);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
  if (code == 0) code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
#if defined(__GLIBC__)
  if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#elif !defined(__APPLE__)
  if (code == 0) code = close_what_is_open(actions);
#endif
  return code;
}

static int prepare_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#if defined(__APPLE__)
  flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
  int code = posix_spawnattr_setsigmask(attributes, &none);
  if (code == 0) code = posix_spawnattr_setsigdefault(attributes, &all);
  if (code == 0) code = posix_spawnattr_setflags(attributes, (short)flags);
  return code;
}

int processes_start(
    pid_t *number, const char *path, char *const *arguments, char *const *environment, int folder,
    int output) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  posix_spawnattr_t attributes;
  code = posix_spawnattr_init(&attributes);
  if (code == 0) {
    code = prepare_actions(&actions, folder, output);
    if (code == 0) code = prepare_attributes(&attributes);
    if (code == 0) code = posix_spawn(number, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

/// Kills a process if it is in a session, and is not its first. Returns whether it was.
static int kill_in_session(pid_t number, pid_t session) {
  return number != session && number != getpid() && getsid(number) == session && kill(number, SIGKILL) == 0;
}

/// Kills all of a session but its first process, as far as they are found at once. Returns how many.
static int kill_all_in_session(pid_t session) {
  int killed = 0;
#if defined(__APPLE__)
  int room = proc_listallpids(NULL, 0) + 64;
  pid_t *numbers = room > 64 ? calloc((size_t)room, sizeof(pid_t)) : NULL;
  if (numbers == NULL) return 0;
  int count = proc_listallpids(numbers, room * (int)sizeof(pid_t));
  for (int place = 0; place < count && place < room; place++) killed += kill_in_session(numbers[place], session);
  free(numbers);
#else
  DIR *folder = opendir("/proc");
  if (folder == NULL) return 0;
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    int number = number_of(entry);
    if (number > 0) killed += kill_in_session(number, session);
  }
  closedir(folder);
#endif
  return killed;
}

void processes_end_session(pid_t session) {
  if (session <= 1) return;
  kill(-session, SIGKILL);
  // What is started while others are looked for is found the next time.
  for (int pass = 0; pass < 8 && kill_all_in_session(session) > 0; pass++) {}
}

#endif
