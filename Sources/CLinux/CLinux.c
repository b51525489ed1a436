#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int result(int value) { return value == 0 ? 0 : errno; }

int clinux_enter_network_namespace(int descriptor) { return result(setns(descriptor, CLONE_NEWNET)); }

int clinux_new_network_namespace(void) { return result(unshare(CLONE_NEWNET)); }

int clinux_new_private_mount_namespace(void) {
  if (unshare(CLONE_NEWNS) != 0) return errno;
  return result(mount("", "/", "none", MS_SLAVE | MS_REC, NULL));
}

int clinux_bind_mount(const char *source, const char *target) { return result(mount(source, target, "none", MS_BIND, NULL)); }

int clinux_bind_itself(const char *path) { return result(mount(path, path, "none", MS_BIND | MS_REC, NULL)); }

int clinux_make_shared(const char *path) { return result(mount("", path, "none", MS_SHARED | MS_REC, NULL)); }

int clinux_detach_mount(const char *path) { return result(umount2(path, MNT_DETACH)); }

const char *clinux_error_name(int error) { return strerrorname_np(error); }

pid_t clinux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

int clinux_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int clinux_pidfd_signal(int descriptor, int signal) {
  return result((int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0));
}

int clinux_pidfd_wait(int descriptor, int block, int *exited, int *status) {
  siginfo_t info;
  int outcome;
  do {
    memset(&info, 0, sizeof info);
    outcome = waitid((idtype_t)P_PIDFD, (id_t)descriptor, &info, WEXITED | (block ? 0 : WNOHANG));
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) return errno;
  if (info.si_pid == 0) return EAGAIN;
  *exited = info.si_code == CLD_EXITED;
  *status = info.si_status;
  return 0;
}

int clinux_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path) {
  return posix_spawn_file_actions_addchdir_np(actions, path);
}

int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_spawn_new_session(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawnattr_setsigmask(attributes, &none);
  if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (error == 0) error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return error;
}

int clinux_signal_descriptor(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int index = 0; index < count; index++) sigaddset(&set, signals[index]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) {
    errno = error;
    return -1;
  }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_read_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count;
  do {
    count = read(descriptor, &info, sizeof info);
  } while (count < 0 && errno == EINTR);
  return count == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

void clinux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
