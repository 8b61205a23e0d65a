/** A file as the kernel's lock table names it. */
export interface LockedFile {
  /** `st_dev` as `stat` gives it. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** `st_dev` → `major:minor` in hexadecimal, as `/proc/locks` prints it. Source: glibc `gnu_dev_major`, `gnu_dev_minor`. */
export function deviceText(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major.toString(16).padStart(2, '0')}:${minor.toString(16).padStart(2, '0')}`;
}

/**
 * Whether the kernel's table of file locks shows a lock that covers byte 0 of `file`: POSIX (what Java's `FileChannel`
 * takes), open-file or whole-file (`flock`). Leases and lines that wait for a lock do not count.
 *
 * @param table content of `/proc/locks`. It holds only locks of processes that this process can see: those of another
 *   container (pid namespace) are missing.
 */
export function heldByKernelLock(table: string, file: LockedFile): boolean {
  const identity = `${deviceText(file.device)}:${file.inode}`;
  return table.split('\n').some((line) => {
    const [, kind, , , , where, start] = line.trim().split(/\s+/);
    return where === identity && start === '0' && /^(POSIX|FLOCK|OFDLCK)$/.test(kind ?? '');
  });
}
