import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { defaulted, list, mapOf, object, text, FASTJSON } from '../json/json-type.js';
import type { JsonOf, JsonType } from '../json/json-type.js';
import { formatJson, jsonBody, readJson } from '../json/json-text.js';
import { PeerVersion } from '../peer-version.js';
import { MalformedBodyError } from '../protocol-errors.js';
import { DataVersion } from './data-version.js';
import {
  TopicConfig,
  TopicConfigAndMappingWrapper,
  TopicQueueMappingInfo,
} from './topic-config.js';

/** What a broker tells a nameserver every 30 s. Source: rocketmq 5.5.0 `RegisterBrokerBody`. */
export const RegisterBrokerBody = object({
  filterServerList: defaulted(list(text), () => []),
  topicConfigSerializeWrapper: TopicConfigAndMappingWrapper,
});
export type RegisterBrokerBody = JsonOf<typeof RegisterBrokerBody>;

/** Largest body after inflation: a few bytes can unfold to gigabytes. */
export const REGISTER_BODY_BYTES_MAX = 64 * 1024 * 1024;

const json = jsonBody('RegisterBrokerBody', RegisterBrokerBody, {
  style: FASTJSON,
  // A broker with 100 000 topics sends 15 MB; frames are limited before.
  bytesMax: REGISTER_BODY_BYTES_MAX,
});
const attributesText = mapOf(text);
const filterServers = list(text);

/** What the header of REGISTER_BROKER says of its body. */
export interface RegisterBodyForm {
  readonly compressed: boolean;
  /** Release of the broker: from 5.0 on static topics stand at the end of a compressed body. */
  readonly peerVersion: number;
}

/** The checksum that the header carries of the body; 0 means that there is none. */
export const registerBodyCrc = (bytes: Buffer): number => crc32(bytes) & 0x7fff_ffff;

/**
 * Reads the body of REGISTER_BROKER. A compressed one does not carry a topic's order and sys flag: they are read as
 * false and 0, as in Java.
 * Source: rocketmq 5.5.0 `RegisterBrokerBody#decode`.
 * @throws {MalformedBodyError}
 */
export function decodeRegisterBody(bytes: Buffer, form: RegisterBodyForm): RegisterBrokerBody {
  if (!form.compressed) return json.decode(bytes);
  const parts = new PartReader(inflate(bytes));
  const dataVersion = parts.json(DataVersion);
  const topicConfigTable = new Map<string, TopicConfig>();
  for (let left = parts.count(); left > 0; left--) {
    const config = topicFromText(parts.text());
    topicConfigTable.set(config.topicName, config);
  }
  const filterServerList = parts.json(filterServers);
  const topicQueueMappingInfoMap = new Map<string, TopicQueueMappingInfo>();
  if (form.peerVersion >= PeerVersion.V5_0_0) {
    for (let left = parts.count(); left > 0; left--) {
      const info = parts.json(TopicQueueMappingInfo);
      topicQueueMappingInfoMap.set(info.topic ?? '', info);
    }
  }
  return {
    filterServerList,
    topicConfigSerializeWrapper: {
      dataVersion,
      mappingDataVersion: { counter: 0, stateVersion: 0, timestamp: 0 },
      topicConfigTable,
      topicQueueMappingDetailMap: new Map(),
      topicQueueMappingInfoMap,
    },
  };
}

/** Writes that body. Source: rocketmq 5.5.0 `RegisterBrokerBody#encode`. */
export function encodeRegisterBody(body: RegisterBrokerBody, compressed: boolean): Buffer {
  if (!compressed) return json.encode(body);
  const wrapper = body.topicConfigSerializeWrapper;
  const pieces: Buffer[] = [];
  writePart(pieces, formatJson(DataVersion, wrapper.dataVersion));
  writeInt32(pieces, wrapper.topicConfigTable.size);
  for (const config of wrapper.topicConfigTable.values()) writePart(pieces, topicToText(config));
  writePart(pieces, formatJson(filterServers, body.filterServerList));
  writeInt32(pieces, wrapper.topicQueueMappingInfoMap.size);
  for (const info of wrapper.topicQueueMappingInfoMap.values()) {
    writePart(pieces, formatJson(TopicQueueMappingInfo, info, FASTJSON));
  }
  return deflateSync(Buffer.concat(pieces), { level: 9 });
}

/** `name readQueueNums writeQueueNums perm filterType attributes`. Source: rocketmq 5.5.0 `TopicConfig#encode`. */
function topicToText(config: TopicConfig): string {
  const attributes = formatJson(attributesText, config.attributes);
  const { topicName, readQueueNums, writeQueueNums, perm, topicFilterType } = config;
  return `${topicName} ${readQueueNums} ${writeQueueNums} ${perm} ${topicFilterType} ${attributes}`;
}

/** Source: rocketmq 5.5.0 `TopicConfig#decode`; 4.x sends no attributes. */
function topicFromText(line: string): TopicConfig {
  const [topicName = '', read, write, perm, filter, ...rest] = line.split(' ');
  const attributes = rest.join(' ').trim();
  const at = `topicConfigTable.${topicName}`;
  if (topicName === '' || filter === undefined) {
    throw new MalformedBodyError(at, 'has fewer than five parts');
  }
  return TopicConfig.read(
    new Map<string, string | Map<string, string>>([
      ['topicName', topicName],
      ['readQueueNums', read!],
      ['writeQueueNums', write!],
      ['perm', perm!],
      ['topicFilterType', filter],
      ['attributes', attributes === '' ? new Map() : readJson(attributesText, attributes)],
    ]),
    at,
  );
}

function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: REGISTER_BODY_BYTES_MAX });
  } catch (error) {
    throw new MalformedBodyError('', 'does not inflate', { cause: error });
  }
}

/** Walks the length-prefixed parts of an inflated body. */
class PartReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  count(): number {
    if (this.bytes.length - this.at < 4) throw this.wrong('ends too early');
    const count = this.bytes.readInt32BE(this.at);
    this.at += 4;
    // Each part takes at least its four bytes of length.
    if (count < 0 || count > (this.bytes.length - this.at) / 4) {
      throw this.wrong(`has a count of ${count}`);
    }
    return count;
  }

  text(): string {
    if (this.bytes.length - this.at < 4) throw this.wrong('ends too early');
    const start = this.at + 4;
    const length = this.bytes.readInt32BE(this.at);
    if (length < 0 || length > this.bytes.length - start) {
      throw this.wrong(`has a part of ${length} bytes`);
    }
    this.at = start + length;
    return this.bytes.toString('utf8', start, this.at);
  }

  json<T>(type: JsonType<T>): T {
    return readJson(type, this.text());
  }

  private wrong(reason: string): MalformedBodyError {
    return new MalformedBodyError('', `${reason} (at byte ${this.at})`);
  }
}

function writePart(pieces: Buffer[], part: string): void {
  const bytes = Buffer.from(part, 'utf8');
  writeInt32(pieces, bytes.length);
  pieces.push(bytes);
}

function writeInt32(pieces: Buffer[], value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value, 0);
  pieces.push(bytes);
}
