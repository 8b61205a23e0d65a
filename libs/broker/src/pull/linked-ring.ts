/**
 * A place in a doubly linked ring. A ring is known by its head, a link that owns nothing. Leaving a ring costs the same
 * however many members it has, which is what a table of a hundred thousand waiting requests needs.
 */
export class RingLink<T> {
  private before: RingLink<T> = this;
  private after: RingLink<T> = this;

  /** `owner` is undefined for the head of a ring alone. */
  constructor(readonly owner: T | undefined) {}

  /** Puts this link at the end of the ring of `head`. It must not be in a ring. */
  joinLast(head: RingLink<T>): void {
    this.before = head.before;
    this.after = head;
    head.before.after = this;
    head.before = this;
  }

  /** Harmless for a link that is in no ring. */
  leave(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }

  /** Whether no other link is in this ring. */
  get alone(): boolean {
    return this.after === this;
  }

  /** The owners in order of arrival. Members may leave and join while the copy is walked. */
  members(): T[] {
    const members: T[] = [];
    for (let link = this.after; link !== this; link = link.after) members.push(link.owner as T);
    return members;
  }

  /** The first owner, or undefined where the ring is empty. */
  get first(): T | undefined {
    return this.after.owner;
  }
}
