/*
 * A layer between a program and the disk, for LD_PRELOAD: writes down, in order, what the program does to
 * the files below one folder, and when it was told that something is on the disk. The test rebuilds from
 * that what a power cut could have left. Built by the test; see trace.ts for the reading side.
 *
 *   TRACE_FOLDER   files below it are watched (absolute)
 *   TRACE_FILE     where to write; also others may append notes to it, one write each
 *   TRACE_SYNCS    "leave-out": syncs are neither done nor written down, but reported as done
 *                  "fail-one-after:N": N syncs are done, the next one fails with EIO, and the others are done
 *                  "kill-in-write:N": the process is killed in the midst of the write after N of those that
 *                  sync themselves: the operating system has it, the disk may not
 *   TRACE_FAULT    a file that need not be there yet. Once it is, it says what goes wrong below the store:
 *                  "no-space N": after N more writes, all that would make a file longer fail with ENOSPC
 *                  "write-error N": after N more writes, one fails with EIO and writes nothing
 *                  "short-write N": after N more writes, one writes the half of it
 *                  "sync-error N": after N more syncs of any kind, one fails with EIO
 *
 * A record: u32 bytes after this header, u32 kind, u64 file (its inode), u64 number; then bytes.
 * One lock is held over each operation and its record, so that the order of the records is the order of the
 * operations. A sync is two records, when it began and when it was done: it covers what was written before it
 * began, and counts from when it was done.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, SYNC_BEGIN, SYNC_DONE, TRUNCATE, RENAME, UNLINK, MAKE_FOLDER, REMOVE_FOLDER };
enum { MAX_FDS = 4096 };

struct header {
  uint32_t bytes;
  uint32_t kind;
  uint64_t file;
  uint64_t number;
};

/* Recursive: an operation of libc may call another that is watched too. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static uint64_t watched[MAX_FDS]; /* inode, 0 when not watched */
static char is_sync_fd[MAX_FDS];
static char folder[4096];
static size_t folder_length;
static int trace_fd = -1;
static int leave_out_syncs;
static long syncs_left = -1;
static long writes_left = -1;
static uint64_t next_sync;
static const char *fault_file;
static enum { NO_FAULT, NO_SPACE, WRITE_ERROR, SHORT_WRITE, SYNC_ERROR } fault;
static long fault_after;

#define REAL(result, name, ...)                                   \
  static result (*real_##name)(__VA_ARGS__);                      \
  if (!real_##name) real_##name = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
  const char *root = getenv("TRACE_FOLDER");
  const char *file = getenv("TRACE_FILE");
  const char *syncs = getenv("TRACE_SYNCS");
  if (!root || !file) return;
  snprintf(folder, sizeof folder, "%s", root);
  folder_length = strlen(folder);
  if (syncs && !strcmp(syncs, "leave-out")) leave_out_syncs = 1;
  if (syncs && !strncmp(syncs, "fail-one-after:", 15)) syncs_left = atol(syncs + 15);
  if (syncs && !strncmp(syncs, "kill-in-write:", 14)) writes_left = atol(syncs + 14);
  fault_file = getenv("TRACE_FAULT");
  /* Another process may go on with the same trace. */
  next_sync = ((uint64_t)getpid() << 32) + 1;
  REAL(int, open64, const char *, int, ...);
  trace_fd = real_open64(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int is_below(const char *path) {
  return trace_fd >= 0 && path && !strncmp(path, folder, folder_length) &&
         (path[folder_length] == 0 || path[folder_length] == '/');
}

static void record(uint32_t kind, uint64_t file, uint64_t number, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  struct header header = {0, kind, file, number};
  struct iovec all[1025];
  if (count > 1024) abort();
  for (int i = 0; i < count; i++) {
    header.bytes += parts[i].iov_len;
    all[i + 1] = parts[i];
  }
  all[0] = (struct iovec){&header, sizeof header};
  if (real_writev(trace_fd, all, count + 1) != (ssize_t)(sizeof header + header.bytes)) abort();
}

static void record_path(uint32_t kind, uint64_t file, const char *path, const char *second) {
  struct iovec parts[2] = {{(void *)path, strlen(path) + 1}, {(void *)second, second ? strlen(second) + 1 : 0}};
  record(kind, file, 0, parts, second ? 2 : 1);
}

static uint64_t inode_of(const char *path) {
  struct stat info;
  return stat(path, &info) ? 0 : info.st_ino;
}

static void watch(int fd, int flags) {
  struct stat info;
  if (fd < 0 || fd >= MAX_FDS || fstat(fd, &info)) return;
  watched[fd] = info.st_ino;
  is_sync_fd[fd] = (flags & (O_SYNC | O_DSYNC)) != 0;
}

/* Node closes files past libc, so a number may have gone to another file or to a socket meanwhile. */
static int is_watched(int fd) {
  struct stat info;
  if (fd < 0 || fd >= MAX_FDS || !watched[fd]) return 0;
  if (fstat(fd, &info) || info.st_ino != watched[fd]) return 0;
  return S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
}

/* Opening */

static int open_watched(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  pthread_mutex_lock(&lock);
  uint64_t before = inode_of(path);
  int fd = real(path, flags, mode);
  if (fd >= 0) {
    watch(fd, flags);
    if (!before) record_path(CREATE, watched[fd], path, NULL);
    else if (flags & O_TRUNC) record(TRUNCATE, watched[fd], 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define OPEN(name)                                                            \
  int name(const char *path, int flags, ...) {                                \
    REAL(int, name, const char *, int, ...);                                  \
    va_list list;                                                             \
    va_start(list, flags);                                                    \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                             \
    if (!is_below(path)) return real_##name(path, flags, mode);               \
    return open_watched(real_##name, path, flags, mode);                      \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(int, close, int);
  if (!is_watched(fd)) return real_close(fd);
  pthread_mutex_lock(&lock);
  watched[fd] = 0;
  int result = real_close(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

/* Writing */

/* A write to a descriptor that syncs by itself is on the disk when it returns, and only that write. */
static void record_write(int fd, off_t at, const struct iovec *parts, int count, uint64_t *sync) {
  *sync = is_sync_fd[fd] && !leave_out_syncs ? next_sync++ : 0;
  uint64_t number[2] = {(uint64_t)at, *sync};
  struct iovec all[1024];
  if (count > 1023) abort();
  all[0] = (struct iovec){&number[1], sizeof number[1]};
  memcpy(all + 1, parts, count * sizeof *parts);
  record(WRITE, watched[fd], number[0], all, count + 1);
}

static size_t size_of(const struct iovec *parts, int count) {
  size_t size = 0;
  for (int i = 0; i < count; i++) size += parts[i].iov_len;
  return size;
}

static void look_for_fault(void) {
  REAL(int, open64, const char *, int, ...);
  char text[64] = "", kind[32] = "";
  if (fault || !fault_file) return;
  int fd = real_open64(fault_file, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return;
  if (read(fd, text, sizeof text - 1) > 0 && sscanf(text, "%31s %ld", kind, &fault_after) == 2) {
    if (!strcmp(kind, "no-space")) fault = NO_SPACE;
    if (!strcmp(kind, "write-error")) fault = WRITE_ERROR;
    if (!strcmp(kind, "short-write")) fault = SHORT_WRITE;
    if (!strcmp(kind, "sync-error")) fault = SYNC_ERROR;
  }
  close(fd);
}

/* How much of a write is done; -1 with errno set when nothing is. */
static ssize_t allowed_of(int fd, off_t at, size_t wanted) {
  look_for_fault();
  if (fault == NO_FAULT || fault == SYNC_ERROR || fault_after-- > 0) return wanted;
  if (fault == NO_SPACE) {
    struct stat info;
    if (fstat(fd, &info) || (size_t)at + wanted <= (size_t)info.st_size) return wanted;
    errno = ENOSPC;
    return -1;
  }
  if (fault_after != -1) return wanted;
  if (fault == SHORT_WRITE) return wanted / 2;
  errno = EIO;
  return -1;
}

static int fails_now(void) {
  look_for_fault();
  if (fault == SYNC_ERROR && fault_after-- == 0) return 1;
  if (syncs_left < 0) return 0;
  return syncs_left-- == 0;
}

static ssize_t after_write(uint64_t sync, int fd, ssize_t written, const struct iovec *parts, int count) {
  size_t wanted = size_of(parts, count);
  /* The record says that all was written. */
  if (written != (ssize_t)wanted) abort();
  if (sync && writes_left >= 0 && writes_left-- == 0) kill(getpid(), SIGKILL);
  if (sync && fails_now()) {
    errno = EIO;
    return -1;
  }
  if (sync) record(SYNC_DONE, watched[fd], sync, NULL, 0);
  return written;
}

#define PWRITE(name, offset)                                                     \
  ssize_t name(int fd, const void *bytes, size_t count, offset at) {             \
    REAL(ssize_t, name, int, const void *, size_t, offset);                      \
    if (!is_watched(fd)) return real_##name(fd, bytes, count, at);               \
    uint64_t sync;                                                               \
    pthread_mutex_lock(&lock);                                                   \
    ssize_t result = allowed_of(fd, at, count);                                  \
    if (result > 0) {                                                            \
      struct iovec part = {(void *)bytes, result};                               \
      record_write(fd, at, &part, 1, &sync);                                     \
      result = after_write(sync, fd, real_##name(fd, bytes, result, at), &part, 1); \
    }                                                                            \
    pthread_mutex_unlock(&lock);                                                 \
    return result;                                                               \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* The parts of a write of which only so many bytes are done. */
static int first_bytes(const struct iovec *parts, int count, size_t bytes, struct iovec *some) {
  int used = 0;
  if (count > 1024) abort();
  for (; used < count && bytes > 0; used++) {
    some[used] = parts[used];
    if (some[used].iov_len > bytes) some[used].iov_len = bytes;
    bytes -= some[used].iov_len;
  }
  return used;
}

#define PWRITEV(name, offset)                                                     \
  ssize_t name(int fd, const struct iovec *parts, int count, offset at) {         \
    REAL(ssize_t, name, int, const struct iovec *, int, offset);                  \
    if (!is_watched(fd)) return real_##name(fd, parts, count, at);                \
    uint64_t sync;                                                                \
    struct iovec some[1024];                                                      \
    pthread_mutex_lock(&lock);                                                    \
    ssize_t result = allowed_of(fd, at, size_of(parts, count));                   \
    if (result > 0) {                                                             \
      count = first_bytes(parts, count, result, some);                            \
      record_write(fd, at, some, count, &sync);                                   \
      result = after_write(sync, fd, real_##name(fd, some, count, at), some, count); \
    }                                                                             \
    pthread_mutex_unlock(&lock);                                                  \
    return result;                                                                \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

static off_t position_of(int fd) {
  if (fcntl(fd, F_GETFL) & O_APPEND) return lseek(fd, 0, SEEK_END);
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  if (!is_watched(fd)) return real_writev(fd, parts, count);
  uint64_t sync;
  struct iovec some[1024];
  pthread_mutex_lock(&lock);
  off_t at = position_of(fd);
  ssize_t result = allowed_of(fd, at, size_of(parts, count));
  if (result > 0) {
    count = first_bytes(parts, count, result, some);
    record_write(fd, at, some, count, &sync);
    result = after_write(sync, fd, real_writev(fd, some, count), some, count);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(ssize_t, write, int, const void *, size_t);
  if (!is_watched(fd)) return real_write(fd, bytes, count);
  uint64_t sync;
  pthread_mutex_lock(&lock);
  off_t at = position_of(fd);
  ssize_t result = allowed_of(fd, at, count);
  if (result > 0) {
    struct iovec part = {(void *)bytes, result};
    record_write(fd, at, &part, 1, &sync);
    result = after_write(sync, fd, real_write(fd, bytes, result), &part, 1);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

#define TRUNCATE_FD(name, offset)                                    \
  int name(int fd, offset size) {                                    \
    REAL(int, name, int, offset);                                    \
    if (!is_watched(fd)) return real_##name(fd, size);               \
    pthread_mutex_lock(&lock);                                       \
    int result = real_##name(fd, size);                              \
    if (!result) record(TRUNCATE, watched[fd], size, NULL, 0);       \
    pthread_mutex_unlock(&lock);                                     \
    return result;                                                   \
  }
TRUNCATE_FD(ftruncate, off_t)
TRUNCATE_FD(ftruncate64, off64_t)

/* Syncing: not under the lock, since others go on writing meanwhile. */

#define SYNC(name)                                                  \
  int name(int fd) {                                                \
    REAL(int, name, int);                                           \
    if (!is_watched(fd)) return real_##name(fd);                    \
    if (leave_out_syncs) return 0;                                  \
    pthread_mutex_lock(&lock);                                      \
    int fails = fails_now();                                        \
    uint64_t file = watched[fd], sync = next_sync++;                \
    if (!fails) record(SYNC_BEGIN, file, sync, NULL, 0);            \
    pthread_mutex_unlock(&lock);                                    \
    if (fails) {                                                    \
      errno = EIO;                                                  \
      return -1;                                                    \
    }                                                               \
    int result = real_##name(fd);                                   \
    pthread_mutex_lock(&lock);                                      \
    if (!result) record(SYNC_DONE, file, sync, NULL, 0);            \
    pthread_mutex_unlock(&lock);                                    \
    return result;                                                  \
  }
SYNC(fsync)
SYNC(fdatasync)

/* Names */

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  if (!is_below(from) && !is_below(to)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to);
  if (!result) record_path(RENAME, 0, from, to);
  pthread_mutex_unlock(&lock);
  return result;
}

#define NAME_GOES(name, kind)                             \
  int name(const char *path) {                            \
    REAL(int, name, const char *);                        \
    if (!is_below(path)) return real_##name(path);        \
    pthread_mutex_lock(&lock);                            \
    int result = real_##name(path);                       \
    if (!result) record_path(kind, 0, path, NULL);        \
    pthread_mutex_unlock(&lock);                          \
    return result;                                        \
  }
NAME_GOES(unlink, UNLINK)
NAME_GOES(rmdir, REMOVE_FOLDER)

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  if (!is_below(path)) return real_mkdir(path, mode);
  pthread_mutex_lock(&lock);
  int result = real_mkdir(path, mode);
  if (!result) record_path(MAKE_FOLDER, inode_of(path), path, NULL);
  pthread_mutex_unlock(&lock);
  return result;
}
