#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <TargetConditionals.h>
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

#else

int processes_pipe(int ends[2]) {
#if defined(__APPLE__)
  if (pipe(ends) != 0) return errno;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#else
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
#endif
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return 0;
}

static int prepare_actions(posix_spawn_file_actions_t *actions, int folder, int output) {
  // In this order nothing is overwritten that is still needed, whatever the numbers are.
  int code = posix_spawn_file_actions_addfchdir_np(actions, folder);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (code == 0) code = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
  if (code == 0) code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
#if defined(__GLIBC__)
  if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
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

#endif
