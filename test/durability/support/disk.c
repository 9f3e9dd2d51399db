/*
 * A disk that is watched and that fails on command: preloaded into a process, it stands between
 * SQLite and the system for one database file, its log and their directory.
 *
 *   DISK_FILE    the database; its log is DISK_FILE-wal
 *   DISK_LOG     every change is appended here: see `disk.ts` for the format
 *   DISK_FAULTS  a file of three bytes that may change at any time: the error number with which
 *                writes, syncs and reads fail from now on; 0: they succeed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_OURS, DATABASE, LOG, DIRECTORY };
enum { WRITE = 1, TRUNCATE, SYNC, UNLINK, MARK };
enum { FAULT_WRITE, FAULT_SYNC, FAULT_READ };

static char database[4096], wal[4096], directory[4096];
static unsigned char kinds[1 << 16];
static int out = -1;
static volatile unsigned char *faults;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("DISK_FILE"), *log = getenv("DISK_LOG"), *control = getenv("DISK_FAULTS");
  if (!file || strlen(file) > 4000) return;
  strcpy(database, file);
  strcat(strcpy(wal, file), "-wal");
  strcpy(directory, file);
  *strrchr(directory, '/') = 0;
  if (log) out = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (!control) return;
  int fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *page = mmap(0, 3, PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) faults = page;
}

static int kind_of(int fd) { return fd >= 0 && fd < 1 << 16 ? kinds[fd] : NOT_OURS; }

static int is_failing(int kind, int fault) {
  if (!faults || (kind != DATABASE && kind != LOG) || !faults[fault]) return 0;
  errno = faults[fault];
  return 1;
}

static void record(uint8_t what, uint8_t kind, uint64_t offset, uint32_t length, const void *bytes) {
  if (out < 0) return;
  unsigned char head[14] = {what, kind};
  memcpy(head + 2, &offset, 8);
  memcpy(head + 10, &length, 4);
  syscall(SYS_write, out, head, 14);
  if (bytes && length > 0) syscall(SYS_write, out, bytes, length);
}

/* Called through `bun:ffi`: a place in the log that the program under test gives a number. */
void mark(int number) { record(MARK, NOT_OURS, (uint64_t)number, 0, 0); }

static int opened(int fd, const char *path) {
  if (fd < 0 || fd >= 1 << 16) return fd;
  kinds[fd] = !strcmp(path, database)    ? DATABASE
              : !strcmp(path, wal)       ? LOG
              : !strcmp(path, directory) ? DIRECTORY
                                         : NOT_OURS;
  return fd;
}

static int open_with(const char *path, int flags, va_list more) {
  int mode = va_arg(more, int);
  return opened(syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode), path);
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  int fd = open_with(path, flags, more);
  va_end(more);
  return fd;
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  int fd = open_with(path, flags, more);
  va_end(more);
  return fd;
}

int close(int fd) {
  if (kind_of(fd)) kinds[fd] = NOT_OURS;
  return syscall(SYS_close, fd);
}

static ssize_t write_at(int fd, const void *bytes, size_t length, off64_t offset) {
  int kind = kind_of(fd);
  if (is_failing(kind, FAULT_WRITE)) return -1;
  ssize_t written = syscall(SYS_pwrite64, fd, bytes, length, offset);
  if (kind && written > 0) record(WRITE, kind, offset, written, bytes);
  return written;
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { return write_at(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { return write_at(fd, b, n, o); }

static ssize_t read_at(int fd, void *bytes, size_t length, off64_t offset) {
  if (is_failing(kind_of(fd), FAULT_READ)) return -1;
  return syscall(SYS_pread64, fd, bytes, length, offset);
}
ssize_t pread(int fd, void *b, size_t n, off_t o) { return read_at(fd, b, n, o); }
ssize_t pread64(int fd, void *b, size_t n, off64_t o) { return read_at(fd, b, n, o); }

static int truncate_to(int fd, off64_t length) {
  int kind = kind_of(fd);
  if (is_failing(kind, FAULT_WRITE)) return -1;
  int result = syscall(SYS_ftruncate, fd, length);
  if (kind && result == 0) record(TRUNCATE, kind, length, 0, 0);
  return result;
}
int ftruncate(int fd, off_t length) { return truncate_to(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_to(fd, length); }

static int sync_all(int fd, long call) {
  int kind = kind_of(fd);
  if (is_failing(kind, FAULT_SYNC)) return -1;
  int result = syscall(call, fd);
  if (kind && result == 0) record(SYNC, kind, 0, 0, 0);
  return result;
}
int fsync(int fd) { return sync_all(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_all(fd, SYS_fdatasync); }

int unlink(const char *path) {
  int result = syscall(SYS_unlink, path);
  int kind = !strcmp(path, database) ? DATABASE : !strcmp(path, wal) ? LOG : NOT_OURS;
  if (kind && result == 0) record(UNLINK, kind, 0, 0, 0);
  return result;
}
