import { SimulatedClock, SimulatedRandom } from '@rocketmq-ts/testing';
import type { RemotingLimits } from '../src/remoting-limits.js';
import { RemotingServer } from '../src/remoting-server.js';
import { RawPeer } from './raw-peer.js';
import { RecordingLogger } from './recording-logger.js';
import { SimulatedNetwork, type SimulatedSocket } from './simulated-network.js';

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
