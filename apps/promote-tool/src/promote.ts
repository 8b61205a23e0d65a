import type { Clock } from '@rocketmq-ts/kernel';
import { PromoteSlave, ReplicationRole } from '@rocketmq-ts/protocol';
import type { Received } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';

const CALL_TIMEOUT_MS = 30_000;
const LOOK_TIMEOUT_MS = 1_000;
const LOOK_INTERVAL_MS = 200;
/** A slave stops within ten seconds, and a master starts in a few. */
const SWITCH_MS_MAX = 60_000;

/** What a promotion works with. */
export interface PromoteParts {
  readonly client: RemotingClient;
  readonly clock: Clock;
  /** Tells the operator. */
  readonly say: (line: string) => void;
}

/** Which slave becomes what. */
export interface PromoteWish {
  readonly address: string;
  readonly role: string;
  readonly force: boolean;
}

type Role = Received<typeof ReplicationRole.response>['header'];

/**
 * Makes a slave master and waits until it is.
 * @throws {ResponseError} it refuses, and says why. @throws {TransportError} it does not answer
 * @throws Error it does not come up as master
 */
export async function promote(parts: PromoteParts, wish: PromoteWish): Promise<void> {
  const { client, clock, say } = parts;
  const { address, role, force } = wish;
  const before = await askRole(client, address, CALL_TIMEOUT_MS);
  say(
    `${address} is ${before.role} ${before.brokerId} of ${before.brokerName} (${before.clusterName}), epoch ${before.epoch}, log up to ${before.maxOffset}`,
  );
  if (before.role !== 'SLAVE') throw new Error('only a slave can be made master');
  const startedMs = clock.monotonicMs();
  const request = { header: { role, force }, body: null };
  const options = { timeoutMs: CALL_TIMEOUT_MS };
  const { epoch, fromOffset } = (await client.call(address, PromoteSlave, request, options)).header;
  say(`epoch ${epoch} begins at ${fromOffset}; the slave stops and comes back as master`);
  while (clock.monotonicMs() - startedMs < SWITCH_MS_MAX) {
    await new Promise<void>((resolve) => clock.setTimer(LOOK_INTERVAL_MS, resolve));
    const now = await askRole(client, address, LOOK_TIMEOUT_MS).catch(() => undefined);
    if (now === undefined || now.role === 'SLAVE') continue;
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    say(`${address} is ${now.role} of ${now.brokerName} after ${tookMs} ms`);
    return;
  }
  throw new Error(`${address} did not come back as master; look into its log`);
}

async function askRole(client: RemotingClient, address: string, timeoutMs: number): Promise<Role> {
  const request = { header: {}, body: null };
  return (await client.call(address, ReplicationRole, request, { timeoutMs })).header;
}
