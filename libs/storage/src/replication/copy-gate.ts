/** What sends wait for beside the flush: copies of their bytes on other machines. */
export interface CopyGate {
  /** Everything below is on as many other machines as sends wait for. Infinity: nothing is waited for. */
  readonly copiedOffset: number;
  /** False: those copies cannot be made now; who would wait is answered `SLAVE_NOT_AVAILABLE` instead. */
  readonly available: boolean;
  /** Why sends must be refused before they are stored: fewer copies than there have to be. Undefined: they need not. */
  readonly refusal: string | undefined;
  /** Calls `listener` when any of these changed. There is one listener; the store sets it. */
  onChange(listener: () => void): void;
}
