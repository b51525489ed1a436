#define _GNU_SOURCE
#include "CLinuxNode.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static int result(int value) { return value == 0 ? 0 : errno; }

int clinux_new_mount_namespace(void) { return result(unshare(CLONE_NEWNS)); }

int clinux_make_private(const char *path) { return result(mount("", path, "none", MS_PRIVATE, NULL)); }

int clinux_die_with_parent(int signal) { return result(prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0)); }
