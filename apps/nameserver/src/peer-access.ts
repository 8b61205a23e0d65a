import { Injectable } from '@nestjs/common';
import { NameserverConfig, PeerRule } from '@rocketmq-ts/config';
import { ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError, type ServerConnection } from '@rocketmq-ts/remoting';

/**
 * Who may change what the nameserver tells everybody. Routes, lists and single values are for all who reach the port,
 * because clients need them.
 */
@Injectable()
export class PeerAccess {
  private readonly admins: PeerRule;
  private readonly brokers: PeerRule;

  constructor(config: NameserverConfig) {
    this.admins = new PeerRule(config.adminPeers);
    this.brokers = new PeerRule(config.brokerPeers);
  }

  isAdmin(connection: ServerConnection): boolean {
    return this.admins.allows(connection);
  }

  /** @throws {ResponseError} NO_PERMISSION */
  requireAdmin(connection: ServerConnection): void {
    if (!this.isAdmin(connection)) throw noPermission(connection, 'adminPeers');
  }

  /** @throws {ResponseError} NO_PERMISSION */
  requireBroker(connection: ServerConnection): void {
    if (!this.brokers.allows(connection)) throw noPermission(connection, 'brokerPeers');
  }
}

const noPermission = ({ remoteAddress }: ServerConnection, setting: string): ResponseError =>
  new ResponseError(
    ResponseCode.NO_PERMISSION,
    `${remoteAddress} is not among the nameserver's ${setting}`,
  );
