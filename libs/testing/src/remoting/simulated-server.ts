import { type RemotingLimits, RemotingServer } from '@rocketmq-ts/remoting';
import { RecordingLogger } from '../recording-logger.js';
import { SimulatedClock } from '../simulation/simulated-clock.js';
import { SimulatedNetwork, type SimulatedSocket } from '../simulation/simulated-network.js';
import { SimulatedRandom } from '../simulation/simulated-random.js';
import { RawPeer } from './raw-peer.js';

/** A server in a world where a seed cuts the streams and the test owns time. */
export class SimulatedServer {
  readonly clock = new SimulatedClock();
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly logger = new RecordingLogger();
  readonly server: RemotingServer;

  constructor(limits: Partial<RemotingLimits> = {}, seed = 1) {
    this.random = new SimulatedRandom(seed);
    this.network = new SimulatedNetwork(this.clock, this.random);
    this.server = new RemotingServer({
      network: this.network,
      clock: this.clock,
      logger: this.logger,
      listeners: [{ name: 'main', host: '0.0.0.0', port: 9_876 }],
      limits,
    });
  }

  async peer(from = '10.0.0.2'): Promise<RawPeer> {
    const peer = new RawPeer();
    peer.socket = await this.network.connect({ host: '10.0.0.1', port: 9_876, from }, () => peer);
    return peer;
  }

  /** The server's end of a peer's connection. */
  endOf(peer: RawPeer): SimulatedSocket {
    return (peer.socket as SimulatedSocket).peerEnd;
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** Lets time pass, a second at a time. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) await this.clock.advance(1_000);
  }
}
