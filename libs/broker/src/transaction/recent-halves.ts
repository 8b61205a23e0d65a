/** What a decision needs of a half message besides its record, as it was when the half message was sent. */
export interface RecentHalf {
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  /** Where the message belongs. */
  readonly topic: string;
  readonly queueId: number;
  /** Group of the producer that decides. */
  readonly group: string;
  readonly uniqKey: string | undefined;
  readonly keys: string | undefined;
  readonly tags: string | undefined;
}

/** Power of two; some 2 MiB with keys of usual length. */
const PLACE_COUNT = 8_192;

/**
 * The youngest half messages that ask for nothing but their commit, so that most decisions need not read properties again.
 * A half message that is not here is read from the store: nothing depends on it but speed.
 */
export class RecentHalves {
  private readonly places = new Array<RecentHalf | undefined>(PLACE_COUNT).fill(undefined);

  note(half: RecentHalf): void {
    this.places[half.queueOffset & (PLACE_COUNT - 1)] = half;
  }

  /** Takes it out: a transaction is decided once. */
  take(queueOffset: number, commitLogOffset: number): RecentHalf | undefined {
    // Offsets of a peer: any number.
    const place = queueOffset & (PLACE_COUNT - 1);
    const half = this.places[place];
    if (half?.queueOffset !== queueOffset || half.commitLogOffset !== commitLogOffset) {
      return undefined;
    }
    this.places[place] = undefined;
    return half;
  }
}
