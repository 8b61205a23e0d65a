export const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;

/** Bytes of one simulated file, sparse, with what of them is on stable storage. */
export class SimulatedFile {
  private readonly pages = new Map<number, Buffer>();
  private readonly durablePages = new Map<number, Buffer>();
  /** Sectors written since the last sync. */
  private readonly dirtySectors = new Set<number>();
  /** Sectors whose sync failed: still read as written, but no later sync brings them to stable storage. */
  private readonly doomedSectors = new Set<number>();
  sizeBytes = 0;
  private durableSizeBytes = 0;
  modifiedMs = 0;

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const at = position + done;
      const page = Math.trunc(at / PAGE_BYTES);
      const inPage = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - inPage, bytes.length - done);
      let buffer = this.pages.get(page);
      if (buffer === undefined) this.pages.set(page, (buffer = Buffer.alloc(PAGE_BYTES)));
      buffer.set(bytes.subarray(done, done + count), inPage);
      done += count;
    }
    const lastSector = Math.trunc((position + bytes.length - 1) / SECTOR_BYTES);
    for (let sector = Math.trunc(position / SECTOR_BYTES); sector <= lastSector; sector++) {
      this.dirtySectors.add(sector);
      this.doomedSectors.delete(sector);
    }
    this.sizeBytes = Math.max(this.sizeBytes, position + bytes.length);
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.sizeBytes - position));
    for (let done = 0; done < count;) {
      const at = position + done;
      const inPage = at % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - inPage, count - done);
      const page = this.pages.get(Math.trunc(at / PAGE_BYTES));
      if (page) into.set(page.subarray(inPage, inPage + length), done);
      else into.fill(0, done, done + length);
      done += length;
    }
    return count;
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.sizeBytes) this.write(Buffer.alloc(this.sizeBytes - sizeBytes), sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  sync(): void {
    for (const sector of this.dirtySectors) this.copySector(sector, this.pages, this.durablePages);
    this.dirtySectors.clear();
    this.durableSizeBytes = this.sizeBytes;
  }

  /** A sync failed: Linux marks the pages clean, and what they hold is lost with the memory. */
  failSync(): void {
    for (const sector of this.dirtySectors) this.doomedSectors.add(sector);
    this.dirtySectors.clear();
  }

  /** Power is lost: of what was not synced, each sector `keeps` or falls back to its synced content. */
  losePower(keeps: () => boolean): void {
    for (const sector of this.dirtySectors) {
      if (keeps()) this.copySector(sector, this.pages, this.durablePages);
      else this.copySector(sector, this.durablePages, this.pages);
    }
    for (const sector of this.doomedSectors) this.copySector(sector, this.durablePages, this.pages);
    this.dirtySectors.clear();
    this.doomedSectors.clear();
    if (!keeps()) this.sizeBytes = this.durableSizeBytes;
    this.durableSizeBytes = this.sizeBytes;
  }

  /** Whether anything would be lost with the power now. */
  get isDirty(): boolean {
    return this.dirtySectors.size > 0 || this.sizeBytes !== this.durableSizeBytes;
  }

  private copySector(sector: number, from: Map<number, Buffer>, to: Map<number, Buffer>): void {
    const position = sector * SECTOR_BYTES;
    const page = Math.trunc(position / PAGE_BYTES);
    const inPage = position % PAGE_BYTES;
    const source = from.get(page);
    let target = to.get(page);
    if (target === undefined) {
      if (source === undefined) return;
      to.set(page, (target = Buffer.alloc(PAGE_BYTES)));
    }
    if (source) source.copy(target, inPage, inPage, inPage + SECTOR_BYTES);
    else target.fill(0, inPage, inPage + SECTOR_BYTES);
  }

  copy(): SimulatedFile {
    const copy = new SimulatedFile();
    for (const [page, bytes] of this.pages) copy.pages.set(page, Buffer.from(bytes));
    for (const [page, bytes] of this.durablePages) copy.durablePages.set(page, Buffer.from(bytes));
    for (const sector of this.dirtySectors) copy.dirtySectors.add(sector);
    for (const sector of this.doomedSectors) copy.doomedSectors.add(sector);
    copy.sizeBytes = this.sizeBytes;
    copy.durableSizeBytes = this.durableSizeBytes;
    copy.modifiedMs = this.modifiedMs;
    return copy;
  }
}
