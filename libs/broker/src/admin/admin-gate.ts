import { PeerRule } from '@rocketmq-ts/config';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { ServerConnection } from '@rocketmq-ts/remoting';

/** Lets only some peers change topics, groups, offsets and settings. It restricts; it is no login. */
export class AdminGate {
  private readonly rule: PeerRule;

  /** @param peers as the setting `adminPeers` */
  constructor(peers: string) {
    this.rule = new PeerRule(peers);
  }

  /** @throws {ResponseError} NO_PERMISSION: the peer is not one of them. */
  check(connection: ServerConnection): void {
    if (this.rule.allows(connection)) return;
    throw new ResponseError(
      ResponseCode.NO_PERMISSION,
      `${connection.remoteAddress} may not change this broker; its setting adminPeers says who may`,
    );
  }
}
