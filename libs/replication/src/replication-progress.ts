/** How far one connected slave is. Offsets are commit-log offsets, times are monotonic ms. */
export class ReplicaProgress {
  sentOffset: number;
  /** −1: it has not said anything that counts. */
  ackedOffset = -1;
  private mark: { readonly offset: number; readonly sinceMs: number } | undefined;
  private late = false;

  constructor(
    readonly startOffset: number,
    private readonly latestMs: number,
    /** The same for connections that may be of one slave: together they are one copy. */
    readonly slave: string,
  ) {
    this.sentOffset = startOffset;
  }

  /** The log has grown to `writtenOffset`. */
  noteWritten(writtenOffset: number, nowMs: number): void {
    if (this.mark === undefined && writtenOffset > this.ackedOffset)
      this.mark = { offset: writtenOffset, sinceMs: nowMs };
  }

  /** It has everything below `offset`. */
  acknowledge(offset: number, writtenOffset: number, nowMs: number): void {
    this.ackedOffset = offset;
    if (this.mark === undefined || offset < this.mark.offset) return;
    this.late = nowMs - this.mark.sinceMs > this.latestMs;
    this.mark = undefined;
    if (offset < writtenOffset) this.noteWritten(writtenOffset, nowMs);
    else this.late = false;
  }

  /** For how long the oldest mark that it has not reached has stood. */
  lagMs(nowMs: number): number {
    return this.mark ? nowMs - this.mark.sinceMs : 0;
  }

  /**
   * Whether a send may count on it: it is not far behind, and nothing has been unacknowledged for too long. Once late, it must
   * reach a mark in time to count again.
   */
  isInSync(writtenOffset: number, gapMaxBytes: number, nowMs: number): boolean {
    if (this.lagMs(nowMs) > this.latestMs) this.late = true;
    return !this.late && this.ackedOffset >= 0 && writtenOffset - this.ackedOffset < gapMaxBytes;
  }
}

/**
 * All connected slaves, and whoever wants to know when something changed. Apache's slaves do not say who they are: those of one
 * address count once, as far as the one that is furthest.
 */
export class ReplicationProgress {
  private readonly replicas = new Set<ReplicaProgress>();
  private listener: () => void = () => undefined;

  /** One listener: the sync policy. */
  onChange(listener: () => void): void {
    this.listener = listener;
  }

  add(replica: ReplicaProgress): void {
    this.replicas.add(replica);
    this.listener();
  }

  remove(replica: ReplicaProgress): void {
    if (this.replicas.delete(replica)) this.listener();
  }

  /** A slave's offset was raised. */
  changed(): void {
    this.listener();
  }

  noteWritten(writtenOffset: number, nowMs: number): void {
    for (const replica of this.replicas) replica.noteWritten(writtenOffset, nowMs);
  }

  /** Slaves that sends may count on. */
  inSyncCount(writtenOffset: number, gapMaxBytes: number, nowMs: number): number {
    const inSync = new Set<string>();
    for (const replica of this.replicas)
      if (replica.isInSync(writtenOffset, gapMaxBytes, nowMs)) inSync.add(replica.slave);
    return inSync.size;
  }

  /** Everything below is on at least `count` slaves; −1 where there are fewer. */
  copiedOn(count: number): number {
    const furthest = new Map<string, number>();
    for (const { slave, ackedOffset } of this.replicas)
      furthest.set(slave, Math.max(ackedOffset, furthest.get(slave) ?? -1));
    if (furthest.size < count) return -1;
    return [...furthest.values()].sort((one, other) => other - one)[count - 1]!;
  }
}
