import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { PendingPull } from './pending-pull.js';

/** Bytes of answers to pulls that one connection may have under way; one answer is always let through. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

interface Output {
  bytes: number;
  readonly waiting: PendingPull[];
}

/**
 * Keeps connections from being given more messages than they take: answers to pulls hold on to memory of the store until
 * they have left, and a few hundred small requests in one packet could ask for gigabytes.
 */
export class PullOutputs {
  private readonly byConnection = new Map<ServerConnection, Output>();

  /** @param onRoom goes on with a pull that waited */
  constructor(private readonly onRoom: (pull: PendingPull) => void) {}

  /** Whether the pull may be carried out now; else it waits until answers have left. */
  admit(pull: PendingPull): boolean {
    const output = this.byConnection.get(pull.connection);
    if (!output || output.bytes < OUTPUT_BYTES_MAX) return true;
    output.waiting.push(pull);
    return false;
  }

  /** An answer goes out. @returns what to call when it has left. */
  sending(connection: ServerConnection, bytes: number, release?: () => void): () => void {
    let output = this.byConnection.get(connection);
    if (!output) this.byConnection.set(connection, (output = { bytes: 0, waiting: [] }));
    output.bytes += bytes;
    const counted = output;
    return () => {
      release?.();
      counted.bytes -= bytes;
      this.goOn(connection, counted);
    };
  }

  /** The connection is gone; what waited is forgotten by its owner. @returns what waited. */
  drop(connection: ServerConnection): readonly PendingPull[] {
    const output = this.byConnection.get(connection);
    this.byConnection.delete(connection);
    return output?.waiting ?? [];
  }

  private goOn(connection: ServerConnection, output: Output): void {
    while (output.waiting.length > 0 && output.bytes < OUTPUT_BYTES_MAX) {
      this.onRoom(output.waiting.shift()!);
    }
    const idle = output.bytes === 0 && output.waiting.length === 0;
    if (idle && this.byConnection.get(connection) === output) this.byConnection.delete(connection);
  }
}
