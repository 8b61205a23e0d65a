import type {
  Clock,
  Network,
  NetworkListener,
  NetworkSocket,
  SocketEvents,
} from '@rocketmq-ts/kernel';
import type { SimulatedNetwork } from '@rocketmq-ts/testing';

type SimulatedEnd = SimulatedNetwork['sockets'][number];
type OnConnection = (socket: NetworkSocket) => SocketEvents;

const NO_EVENTS: SocketEvents = {
  onData: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};
const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** The cable between two machines. */
export class Cable {
  /** Whether bytes get to the machine that listens, and to the one that connects. */
  toServer = true;
  toClient = true;
  private readonly lost = new Set<SimulatedEnd>();

  constructor(readonly network: SimulatedNetwork) {}

  get whole(): boolean {
    return this.toServer && this.toClient;
  }

  set(toServer: boolean, toClient: boolean): void {
    this.toServer = toServer;
    this.toClient = toClient;
    for (const [i, end] of this.network.sockets.entries()) {
      end.stalled = this.lost.has(end) || !(i % 2 === 0 ? toClient : toServer);
    }
    this.network.schedule();
  }

  /** Something in between forgets all connections: what is written vanishes, and nobody says so. */
  forget(): void {
    for (const end of this.network.sockets) if (!end.closed) end.halfOpen = true;
  }

  /** Something in between ends all connections. */
  reset(): void {
    for (const end of this.network.sockets) if (!end.closed) end.destroy(systemError('ECONNRESET'));
  }

  /** The machine at the other end has lost its power: nothing of it arrives any more. */
  lose(end: SimulatedEnd): void {
    for (const one of [end, end.peerEnd]) {
      one.halfOpen = true;
      one.stalled = true;
      this.lost.add(one);
    }
  }

  /** The machine is back and knows none of its old connections: it says so, unless something keeps it from being heard. */
  disown(): void {
    for (const end of this.lost) if (!end.closed) end.destroy(systemError('ECONNRESET'));
  }
}

/** The network as one process sees it: with the process die its connections, and what they call. */
export class MortalNetwork implements Network {
  private readonly ends = new Set<SimulatedEnd>();
  private listener: NetworkListener | undefined;
  private dead = false;

  constructor(
    private readonly cable: Cable,
    private readonly clock: Clock,
  ) {}

  async listen(
    at: { readonly host: string; readonly port: number },
    onConnection: OnConnection,
  ): Promise<NetworkListener> {
    this.listener = await this.cable.network.listen(at, this.owning(onConnection));
    return this.listener;
  }

  async connect(
    to: { readonly host: string; readonly port: number; readonly timeoutMs?: number },
    onConnection: OnConnection,
  ): Promise<NetworkSocket> {
    if (!this.cable.whole) {
      await new Promise<void>((done) => this.clock.setTimer(to.timeoutMs ?? 5_000, done));
      throw systemError('ETIMEDOUT');
    }
    return this.cable.network.connect(to, this.owning(onConnection));
  }

  /** `kill -9`: the system closes what the process had open. */
  die(): void {
    this.stop((end) => end.destroy());
  }

  /** The power goes: nobody closes anything. */
  losePower(): void {
    this.stop((end) => this.cable.lose(end));
  }

  private stop(leave: (end: SimulatedEnd) => void): void {
    this.dead = true;
    void this.listener?.close();
    for (const end of this.ends) {
      end.events = NO_EVENTS;
      if (!end.closed) leave(end);
    }
  }

  private owning(onConnection: OnConnection): OnConnection {
    return (socket) => {
      if (this.dead) return NO_EVENTS;
      this.ends.add(socket as SimulatedEnd);
      return onConnection(socket);
    };
  }
}
