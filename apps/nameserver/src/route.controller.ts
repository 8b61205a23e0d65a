import { Controller, Inject } from '@nestjs/common';
import { NameserverConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { Handles, type RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  encodeTopicRoute,
  GetRouteinfoByTopic,
  ResponseCode,
  type Sent,
  wantsStandardJson,
} from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { KvConfig, ORDER_TOPIC_NAMESPACE } from '@rocketmq-ts/routing';
import { Routes } from './routes.js';
import { CLOCK } from './seams.js';

/** Part of the text that Java's clients and people look for. Source: rocketmq 5.5.0 `FAQUrl#suggestTodo`. */
const FURTHER_DETAILS =
  '\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.';

/** The question that every client asks. Source: rocketmq 5.5.0 `ClientRequestProcessor`. */
@Controller()
export class RouteController {
  private readonly startedMs: number;

  constructor(
    private readonly routes: Routes,
    private readonly kvConfig: KvConfig,
    private readonly config: NameserverConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.startedMs = clock.monotonicMs();
  }

  @Handles(GetRouteinfoByTopic)
  route({
    header,
    version,
    connection,
  }: RemotingRequest<typeof GetRouteinfoByTopic>): Sent<typeof GetRouteinfoByTopic.response> {
    if (this.mustWait())
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'name server not ready');
    const inZone = header.zoneMode?.toLowerCase() === 'true' && header.zoneName?.trim();
    const route = this.routes.route({
      topic: header.topic,
      listenerName: connection.listenerName,
      supportActingMaster: this.config.supportActingMaster,
      zoneName: inZone ? header.zoneName : undefined,
    });
    if (!route)
      throw new ResponseError(
        ResponseCode.TOPIC_NOT_EXIST,
        `No topic route info in name server for the topic: ${header.topic}${FURTHER_DETAILS}`,
      );
    const orderTopicConf = this.config.orderMessageEnable
      ? this.kvConfig.get(ORDER_TOPIC_NAMESPACE, header.topic)
      : undefined;
    const standardJson = wantsStandardJson(version, header.acceptStandardJsonOnly);
    return { header: {}, body: encodeTopicRoute({ ...route, orderTopicConf }, standardJson) };
  }

  /** Brokers need a while to register after a start: until then a route may lack some of them. */
  mustWait(): boolean {
    const { needWaitForService, waitForServiceMs } = this.config;
    return needWaitForService && this.clock.monotonicMs() - this.startedMs < waitForServiceMs;
  }
}
