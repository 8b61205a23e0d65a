import type { ServerConnection } from '@rocketmq-ts/remoting';
import { RouteTable } from '@rocketmq-ts/routing';

/** The routes of this process; a broker belongs to the connection that it registered through. */
export class Routes extends RouteTable<ServerConnection> {}
