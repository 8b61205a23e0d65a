import { Controller } from '@nestjs/common';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import {
  DataVersion,
  DeleteTopicInBroker,
  GetAllTopicConfig,
  GetSystemTopicListFromBroker,
  GetTopicConfig,
  ResponseCode,
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  readJson,
} from '@rocketmq-ts/protocol';
import type { Sent, TopicConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AdminGate } from '../admin/admin-gate.js';
import { NOTHING_TO_SAY } from '../answers.js';
import { pageOf } from '../metadata/table-page.js';
import { TopicAdministration } from './topic-administration.js';
import { topicConfig } from './topic-creation.js';
import { TopicTable } from './topic-table.js';
import { parseAttributeChange } from '../metadata/attributes.js';

/** Creates, changes, shows and deletes topics. Source: rocketmq 5.5.0 `AdminBrokerProcessor`. */
@Controller()
export class TopicController {
  constructor(
    private readonly topics: TopicTable,
    private readonly administration: TopicAdministration,
    private readonly gate: AdminGate,
  ) {}

  @Handles(UpdateAndCreateTopic)
  async updateAndCreateTopic({
    header,
    connection,
  }: RemotingRequest<typeof UpdateAndCreateTopic>): Promise<
    Sent<typeof UpdateAndCreateTopic.response>
  > {
    this.gate.check(connection);
    const config = topicConfig(header.topic, {
      readQueueNums: header.readQueueNums,
      writeQueueNums: header.writeQueueNums,
      perm: header.perm,
      topicFilterType: header.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
      topicSysFlag: header.topicSysFlag ?? 0,
      order: header.order,
      attributes: this.administration.readChange(() => parseAttributeChange(header.attributes)),
    });
    await this.administration.set([config]);
    return NOTHING_TO_SAY;
  }

  @Handles(UpdateAndCreateTopicList)
  async updateAndCreateTopicList({
    body,
    connection,
  }: RemotingRequest<typeof UpdateAndCreateTopicList>): Promise<
    Sent<typeof UpdateAndCreateTopicList.response>
  > {
    this.gate.check(connection);
    await this.administration.set(body.topicConfigList);
    return NOTHING_TO_SAY;
  }

  @Handles(DeleteTopicInBroker)
  async deleteTopic({
    header,
    connection,
  }: RemotingRequest<typeof DeleteTopicInBroker>): Promise<
    Sent<typeof DeleteTopicInBroker.response>
  > {
    this.gate.check(connection);
    await this.administration.remove(header.topic);
    return NOTHING_TO_SAY;
  }

  @Handles(GetAllTopicConfig)
  getAllTopicConfig({
    header,
  }: RemotingRequest<typeof GetAllTopicConfig>): Sent<typeof GetAllTopicConfig.response> {
    const configs = this.topics.configs();
    const page = pageOf(
      configs.map((config): [string, TopicConfig] => [config.topicName, config]),
      {
        first: header.topicSeq,
        countMax: header.maxTopicNum,
        // Java's tools write no version as an empty text.
        seenVersion: header.dataVersion ? readJson(DataVersion, header.dataVersion) : undefined,
      },
      this.topics.dataVersion,
    );
    return {
      header: { totalTopicNum: configs.length },
      body: {
        dataVersion: this.topics.dataVersion,
        mappingDataVersion: { counter: 0, stateVersion: 0, timestamp: 0 },
        topicConfigTable: page,
        topicQueueMappingDetailMap: new Map(),
        topicQueueMappingInfoMap: new Map(),
      },
    };
  }

  @Handles(GetTopicConfig)
  getTopicConfig({
    header,
  }: RemotingRequest<typeof GetTopicConfig>): Sent<typeof GetTopicConfig.response> {
    const topic = this.topics.find(header.topic);
    if (!topic) {
      const remark = `No topic in this broker. topic: ${header.topic}`;
      throw new ResponseError(ResponseCode.TOPIC_NOT_EXIST, remark);
    }
    return { header: {}, body: topic.config };
  }

  @Handles(GetSystemTopicListFromBroker)
  getSystemTopicList(): Sent<typeof GetSystemTopicListFromBroker.response> {
    return { header: {}, body: { topicList: this.administration.systemTopicNames() } };
  }
}
