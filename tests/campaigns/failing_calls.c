/* A library for LD_PRELOAD: lets the n-th call of one kind on files below a folder fail as a disk or a system would.
 *
 * It stands before the C library, so that it reaches Python, SQLite and every other library of the process alike.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN, WRITE, FSYNC, RENAME, MKDIR, STAT, UNLINK, LIST, KINDS };

static char root[PATH_MAX];
static int chosen = -1, code, lasting;
static long nth, counts[KINDS], failed;

/* Count calls on files below `folder`, and let the nth (from 1) of a kind fail; with `lasts`, all after it too. A negative error
 * is a signal that the process is sent instead. */
void arm(const char *folder, int kind, long number, int with_errno, int lasts) {
    snprintf(root, sizeof root, "%s", folder);
    memset(counts, 0, sizeof counts);
    failed = 0;
    chosen = kind;
    nth = number;
    code = with_errno;
    lasting = lasts;
}

void disarm(void) { root[0] = 0; }
long counted(int kind) { return counts[kind]; }
long times_failed(void) { return failed; }

/* $FAILING_CALLS="kind number errno lasts folder": for a process that nobody else can arm. */
__attribute__((constructor)) static void arm_from_environment(void) {
    const char *text = getenv("FAILING_CALLS");
    int kind, with_errno, lasts, used = 0;
    long number;
    if (text && sscanf(text, "%d %ld %d %d %n", &kind, &number, &with_errno, &lasts, &used) == 4)
        arm(text + used, kind, number, with_errno, lasts);
}

static int below(const char *path) { return strncmp(path, root, strlen(root)) == 0; }

static int inside(int folder, const char *path) {
    char link[64], place[PATH_MAX];
    if (path && path[0] == '/') return below(path);
    if (folder == AT_FDCWD) return getcwd(place, sizeof place) && below(place);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, place, sizeof place - 1);
    if (size < 0) return 0;
    place[size] = 0;
    return below(place);
}

static int fails(enum kind kind, int folder, const char *path) {
    int kept = errno;
    if (!root[0] || !inside(folder, path)) {
        errno = kept;
        return 0;
    }
    errno = kept;
    long number = __atomic_add_fetch(&counts[kind], 1, __ATOMIC_SEQ_CST);
    if ((int)kind != chosen || number < nth || (number > nth && !lasting)) return 0;
    failed++;
    if (code < 0) kill(getpid(), -code);
    errno = code;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags)                                              \
    mode_t mode = 0;                                             \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                       \
        va_list rest;                                            \
        va_start(rest, flags);                                   \
        mode = va_arg(rest, mode_t);                             \
        va_end(rest);                                            \
    }

#define OPENS(name)                                              \
    int name(const char *path, int flags, ...) {                 \
        MODE(flags)                                              \
        if (fails(OPEN, AT_FDCWD, path)) return -1;              \
        return REAL(name)(path, flags, mode);                    \
    }
OPENS(open)
OPENS(open64)
#define OPENS_AT(name)                                           \
    int name(int folder, const char *path, int flags, ...) {     \
        MODE(flags)                                              \
        if (fails(OPEN, folder, path)) return -1;                \
        return REAL(name)(folder, path, flags, mode);            \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

ssize_t write(int file, const void *data, size_t size) {
    return fails(WRITE, file, NULL) ? -1 : REAL(write)(file, data, size);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t place) {
    return fails(WRITE, file, NULL) ? -1 : REAL(pwrite)(file, data, size, place);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t place) {
    return fails(WRITE, file, NULL) ? -1 : REAL(pwrite64)(file, data, size, place);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    return fails(WRITE, file, NULL) ? -1 : REAL(writev)(file, parts, count);
}
int fsync(int file) { return fails(FSYNC, file, NULL) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails(FSYNC, file, NULL) ? -1 : REAL(fdatasync)(file); }
int rename(const char *from, const char *to) { return fails(RENAME, AT_FDCWD, to) ? -1 : REAL(rename)(from, to); }
int renameat(int one, const char *from, int two, const char *to) {
    return fails(RENAME, two, to) ? -1 : REAL(renameat)(one, from, two, to);
}
int mkdir(const char *path, mode_t mode) { return fails(MKDIR, AT_FDCWD, path) ? -1 : REAL(mkdir)(path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) {
    return fails(MKDIR, folder, path) ? -1 : REAL(mkdirat)(folder, path, mode);
}
int unlink(const char *path) { return fails(UNLINK, AT_FDCWD, path) ? -1 : REAL(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) {
    return fails(UNLINK, folder, path) ? -1 : REAL(unlinkat)(folder, path, flags);
}
int rmdir(const char *path) { return fails(UNLINK, AT_FDCWD, path) ? -1 : REAL(rmdir)(path); }
#define STATS(name, type)                                        \
    int name(const char *path, struct type *facts) {             \
        return fails(STAT, AT_FDCWD, path) ? -1 : REAL(name)(path, facts); \
    }
STATS(stat, stat)
STATS(lstat, stat)
STATS(stat64, stat64)
STATS(lstat64, stat64)
#define STATS_AT(name, type)                                     \
    int name(int folder, const char *path, struct type *facts, int flags) { \
        return fails(STAT, folder, path) ? -1 : REAL(name)(folder, path, facts, flags); \
    }
STATS_AT(fstatat, stat)
STATS_AT(fstatat64, stat64)
DIR *opendir(const char *path) { return fails(LIST, AT_FDCWD, path) ? NULL : REAL(opendir)(path); }
DIR *fdopendir(int folder) { return fails(LIST, folder, NULL) ? NULL : REAL(fdopendir)(folder); }
