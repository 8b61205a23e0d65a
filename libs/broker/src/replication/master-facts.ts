import { codec, GetBrokerRuntimeInfo, ReplicationRole, ResponseCode } from '@rocketmq-ts/protocol';
import type { Received } from '@rocketmq-ts/protocol';
import { responseError } from '@rocketmq-ts/remoting';
import type { RemotingClient } from '@rocketmq-ts/remoting';

const CALL = { timeoutMs: 3_000 };
const NO_FIELDS = { header: {}, body: null };

/** What a broker of ours says of its role. */
export type RoleFacts = Received<typeof ReplicationRole.response>['header'];

/** Asks a broker for its role. @returns undefined: it is one of Apache's. @throws as calls do */
export async function askRole(
  client: RemotingClient,
  address: string,
  timeoutMs: number = CALL.timeoutMs,
): Promise<RoleFacts | undefined> {
  const frame = await client.exchange(address, ReplicationRole, NO_FIELDS, { timeoutMs });
  if (frame.code === ResponseCode.REQUEST_CODE_NOT_SUPPORTED) return undefined;
  if (frame.code !== ResponseCode.SUCCESS) throw responseError(ReplicationRole, frame);
  return codec(ReplicationRole).decodeResponse(frame.ext(), frame.body).header;
}

/** Where the log of a master begins and ends. */
export interface LogBounds {
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** Asks a master, Apache's or ours, for the bounds of its log. @throws as calls do */
export async function askLogBounds(client: RemotingClient, address: string): Promise<LogBounds> {
  const role = await askRole(client, address);
  if (role) return role;
  const { body } = await client.call(address, GetBrokerRuntimeInfo, NO_FIELDS, CALL);
  const read = (key: string): number => {
    const offset = Number(body.table.get(key) ?? NaN);
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new Error(`the master ${address} does not say where its log is (${key})`);
    return offset;
  };
  return { minOffset: read('commitLogMinOffset'), maxOffset: read('commitLogMaxOffset') };
}
