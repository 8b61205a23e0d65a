import { describe, expect, it } from '@jest/globals';
import { MIB, type NetworkSocket } from '@rocketmq-ts/kernel';
import { RecordingLogger, SimulatedClock, SimulatedRandom } from '@rocketmq-ts/testing';
import { MemoryLog } from '../test/memory-log.js';
import { HaConnection } from './ha-connection.js';
import { encodeReport } from './ha-frame.js';
import { ReplicationProgress } from './replication-progress.js';
import { ReplicationTickets } from './replication-tickets.js';

/** A connection whose system takes every write at once: nothing is ever unsent, nothing ever drains. */
class ThirstySocket implements NetworkSocket {
  readonly remoteAddress = '10.0.0.7';
  readonly remotePort = 1;
  readonly localAddress = '10.0.0.1';
  readonly localPort = 2;
  readonly unsentBytes = 0;
  sentBytes = 0;

  write(bytes: Uint8Array, released?: () => void): void {
    this.writeAll([bytes], released);
  }
  writeAll(pieces: readonly Uint8Array[], released?: () => void): void {
    for (const piece of pieces) this.sentBytes += piece.length;
    released?.();
  }
  pause(): void {
    // Nothing is read.
  }
  resume(): void {
    // Nothing is read.
  }
  end(): void {
    // Not used.
  }
  destroy(): void {
    // Not used.
  }
}

describe('HaConnection', () => {
  it('sends all that is written also where the system takes it at once, without waiting for the next write', () => {
    const log = new MemoryLog(16 * MIB);
    for (let i = 0; i < 12; i++) log.append(Buffer.alloc(900_000, i));
    const [clock, logger] = [new SimulatedClock(), new RecordingLogger()];
    const socket = new ThirstySocket();
    const counters = {
      ...{ refusedConnections: 0, protocolErrors: 0, silentPeers: 0 },
      ...{ replacedConnections: 0, sentBytes: 0 },
    };
    const tickets = new ReplicationTickets(clock, new SimulatedRandom(1));
    const connection = new HaConnection(socket, {
      ...{ log, clock, logger, counters, tickets, progress: new ReplicationProgress() },
      times: { heartbeatMs: 5_000, silenceMaxMs: 20_000, firstReportMs: 10_000, slaveTimeoutMs: 3_000 }, // prettier-ignore
      onIdentified: () => undefined,
      onClosed: () => undefined,
    });
    connection.onData(encodeReport(tickets.issue({ brokerId: 1, address: 'slave:1' })));
    connection.onData(encodeReport(0));
    expect(connection.status(0)!.sentOffset).toBe(log.writtenOffset);
    expect(socket.sentBytes).toBeGreaterThan(log.writtenOffset);
    expect(log.held).toBe(0);
  });
});
