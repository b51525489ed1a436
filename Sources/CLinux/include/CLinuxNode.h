#pragma once

// What a process needs to become part of a lab node. Each returns 0 or the errno.

/// Gives the calling thread a mount namespace of its own; what is shared stays shared.
int clinux_new_mount_namespace(void);
/// Lets nothing propagate to or from this mount any more; mounts below it keep their ways.
int clinux_make_private(const char *path);
/// The calling process gets this signal when the thread that started it ends; kept through execve.
int clinux_die_with_parent(int signal);
