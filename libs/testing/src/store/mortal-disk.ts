import type { Disk, DiskEntry, DiskFile, DiskSpace } from '@rocketmq-ts/kernel';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * A disk as one process sees it: when the process dies, whatever it was about to do next does not happen. The simulated disk
 * cuts off operations on files by itself; here the same is done for directories.
 */
export class MortalDisk implements Disk {
  private dead = false;

  constructor(private readonly disk: Disk) {}

  die(): void {
    this.dead = true;
  }

  open(path: string, options: { create: boolean; readOnly?: boolean }): Promise<DiskFile> {
    return this.living(() => this.disk.open(path, options));
  }
  openNow(path: string, options: { create: boolean; readOnly?: boolean }): DiskFile {
    if (this.dead) throw new Error('the process is dead');
    return this.disk.openNow(path, options);
  }
  list(path: string): Promise<readonly DiskEntry[]> {
    return this.living(() => this.disk.list(path));
  }
  exists(path: string): Promise<boolean> {
    return this.living(() => this.disk.exists(path));
  }
  makeDirectory(path: string): Promise<void> {
    return this.living(() => this.disk.makeDirectory(path));
  }
  makeDirectoryNow(path: string): void {
    if (this.dead) throw new Error('the process is dead');
    this.disk.makeDirectoryNow(path);
  }
  readFile(path: string): Promise<Buffer | undefined> {
    return this.living(() => this.disk.readFile(path));
  }
  rename(from: string, to: string): Promise<void> {
    return this.living(() => this.disk.rename(from, to));
  }
  remove(path: string): Promise<void> {
    return this.living(() => this.disk.remove(path));
  }
  syncDirectory(path: string): Promise<void> {
    return this.living(() => this.disk.syncDirectory(path));
  }
  space(path: string): Promise<DiskSpace> {
    return this.living(() => this.disk.space(path));
  }
  openFileCountMax(): number | undefined {
    return this.disk.openFileCountMax();
  }
  tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
    return this.living(() => this.disk.tryLock(path));
  }

  private async living<T>(work: () => Promise<T>): Promise<T> {
    if (this.dead) return never<T>();
    const result = await work();
    return this.dead ? never<T>() : result;
  }
}
