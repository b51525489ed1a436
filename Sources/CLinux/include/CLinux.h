#pragma once

// What Swift's Glibc module does not show: calls that glibc hides behind _GNU_SOURCE, function-like macros, and kernel headers.
// Every function here is one system call or one macro; what it means is documented where Swift wraps it.

#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <net/if.h>
#include <spawn.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/if_link.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/veth.h>

#include "CLinuxNode.h"

// MARK: Namespaces and mounts. Each returns 0 or the errno, so that no other call can overwrite it in between.

/// Moves the calling thread into the network namespace behind the descriptor.
int clinux_enter_network_namespace(int descriptor);
/// Gives the calling thread a new network namespace.
int clinux_new_network_namespace(void);
/// Gives the calling thread a mount namespace of its own, from which nothing propagates back.
int clinux_new_private_mount_namespace(void);
/// Binds `source` over `target`.
int clinux_bind_mount(const char *source, const char *target);
/// Binds a directory over itself, so that it is a mount point.
int clinux_bind_itself(const char *path);
/// Makes a mount point share what is mounted below it with other mount namespaces.
int clinux_make_shared(const char *path);
/// Takes a mount away as soon as nobody uses it any more.
int clinux_detach_mount(const char *path);

/// `ENODEV` for 19; NULL for a number that is none. The text is static.
const char *clinux_error_name(int error);

/// Kernel id of the calling thread.
pid_t clinux_thread_id(void);

// MARK: Processes

/// A descriptor for a process of ours, or -1 with errno set: it names that process even after its number is used again.
int clinux_pidfd_open(pid_t process);
/// 0 or the errno.
int clinux_pidfd_signal(int descriptor, int signal);
/// Waits for a child. 0 or the errno; EAGAIN when `block` is 0 and it still runs. `exited` is 1 for exit() with `status`, 0 for death by
/// signal `status`.
int clinux_pidfd_wait(int descriptor, int block, int *exited, int *status);

/// posix_spawn's newer parts: 0 or an error number, as that family does.
int clinux_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path);
int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
/// Lets the child lead a session of its own, with no signal blocked and every one at its default.
int clinux_spawn_new_session(posix_spawnattr_t *attributes);

// MARK: Signals

/// Blocks the signals in the calling thread and those it makes later, and returns a descriptor that becomes readable when one comes;
/// -1 with errno set on failure.
int clinux_signal_descriptor(const int *signals, int count);
/// Reads one signal number from such a descriptor; -1 with errno set on failure (EAGAIN: none there).
int clinux_read_signal(int descriptor);
/// A write to a closed connection is an error of that write, not the end of the process.
void clinux_ignore_broken_pipes(void);

// MARK: Numbers that are macros with casts or parentheses in the kernel's headers

static const unsigned long CLINUX_SIOCETHTOOL = 0x8946;
static const unsigned long CLINUX_TUNSETIFF = 0x400454caUL;
static const int CLINUX_NETLINK_ROUTE = NETLINK_ROUTE;
