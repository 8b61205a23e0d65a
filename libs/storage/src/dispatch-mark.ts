/** A place in the log with what is needed to say "everything below is done". */
export interface DispatchMark {
  /** Every message below has its queue unit and index entries. */
  readonly commitLogOffset: number;
  /** Where the last message below begins, its store time; −1 and 0 while there is none. */
  readonly lastMessageOffset: number;
  readonly lastStoreTimestampMs: number;
}

/** The mark of an empty log that begins at `commitLogOffset`. */
export const markAt = (commitLogOffset: number): DispatchMark => ({
  commitLogOffset,
  lastMessageOffset: -1,
  lastStoreTimestampMs: 0,
});
