/** Addresses of a master, `host:port`. */
export interface MasterAddresses {
  /** Of its main port. */
  readonly address: string | undefined;
  /** Of its port for slaves. */
  readonly haAddress: string | undefined;
}

/** Where the master of a slave is: as configured, otherwise as the nameservers say. */
export class MasterWhereabouts {
  private known: MasterAddresses = { address: undefined, haAddress: undefined };
  private readonly listeners: (() => void)[] = [];

  /** @param configured what wins over the nameservers; undefined or empty: nothing */
  constructor(
    private readonly configured: Partial<MasterAddresses>,
    private readonly ownAddress: string,
  ) {}

  get address(): string | undefined {
    return this.configured.address || this.known.address;
  }

  get haAddress(): string | undefined {
    return this.configured.haAddress || this.known.haAddress;
  }

  /** Whether both are known. */
  get complete(): boolean {
    return this.address !== undefined && this.haAddress !== undefined;
  }

  /** A nameserver has said where the master is. One that knows none says nothing about the others. */
  note({ address, haAddress }: MasterAddresses): void {
    const before = `${this.address} ${this.haAddress}`;
    // A broker that was master shortly before may still be noted as such.
    if (!address || address === this.ownAddress) return;
    this.known = { address, haAddress: haAddress || undefined };
    if (`${this.address} ${this.haAddress}` === before) return;
    for (const listener of this.listeners) listener();
  }

  /** Runs `listener` when an address is another one. */
  onChanged(listener: () => void): void {
    this.listeners.push(listener);
  }
}
