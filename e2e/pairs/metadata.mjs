import { ask, SUCCESS } from '../remoting-probe.mjs';

const QUESTION_WITHIN_MS = 3_000;
/** What a slave asks its master for, and where in the answer what it is about lies. */
const TABLES = {
  topics: { code: 21, table: 'topicConfigTable' },
  groups: { code: 201, table: 'subscriptionGroupTable' },
  offsets: { code: 43, table: 'offsetTable' },
  delays: { code: 45, table: 'offsetTable' },
};
const UPDATE_CONSUMER_OFFSET = 15;
const TOPIC_FIELDS = [
  ...['topicName', 'readQueueNums', 'writeQueueNums'],
  ...['perm', 'order', 'topicSysFlag'],
];
const GROUP_FIELDS = [
  ...['groupName', 'consumeEnable', 'consumeBroadcastEnable', 'retryMaxTimes', 'retryQueueNums'],
  ...['brokerId', 'whichBrokerWhenConsumeSlowly'],
];

/** Commits an offset, as a consumer does. @param {import('../fleet.mjs').FleetBroker} broker */
export async function commitOffset(broker, { group, topic, queueId, offset }) {
  const extFields = {
    ...{ consumerGroup: group, topic },
    ...{ queueId: `${queueId}`, commitOffset: `${offset}` },
  };
  const question = { code: UPDATE_CONSUMER_OFFSET, extFields };
  const { code, remark } = await ask(broker.address, question, QUESTION_WITHIN_MS);
  if (code !== SUCCESS) throw new Error(`the commit to ${broker.name}: ${code} ${remark}`);
}

/**
 * What a broker knows of the topics and groups that are given, and of all offsets in them.
 *
 * @param {import('../fleet.mjs').FleetBroker} broker
 * @param {{ topics: string[], groups: string[] }} names
 * @returns {Promise<string>} equal for brokers that know the same
 */
export async function metadataOf(broker, { topics, groups }) {
  const known = {};
  for (const [name, { code, table }] of Object.entries(TABLES)) {
    const answer = await ask(broker.address, { code }, QUESTION_WITHIN_MS);
    if (answer.code !== SUCCESS)
      throw new Error(`${broker.name} answers ${code} with ${answer.code}`);
    known[name] = parse(answer.body)[table];
  }
  const picked = {
    topics: topics.map((topic) => pick(known.topics[topic], TOPIC_FIELDS)),
    groups: groups.map((group) => pick(known.groups[group], GROUP_FIELDS)),
    offsets: groups.flatMap((group) => topics.map((topic) => known.offsets[`${topic}@${group}`])),
    delays: known.delays,
  };
  return JSON.stringify(picked, sortedKeys, 1);
}

const pick = (value, fields) => value && Object.fromEntries(fields.map((key) => [key, value[key]]));

/** Apache's answers have numbers as names of fields, without quotes. */
const parse = (body) => JSON.parse(body.toString().replace(/([{,])(\d+):/g, '$1"$2":'));

const sortedKeys = (_, value) =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
