import { IntegerKey, type ConfigRelation } from './config-key.decorator.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** What one peer, and all peers together, may take of this process. */
export class LimitsConfig {
  static readonly group = 'limits';
  static readonly relations: readonly ConfigRelation<LimitsConfig>[] = [
    {
      rule: 'L1: headerMaxBytes < frameMaxBytes',
      because: 'a header is a part of its frame',
      keys: ['headerMaxBytes', 'frameMaxBytes'],
      holds: ({ headerMaxBytes, frameMaxBytes }) => headerMaxBytes < frameMaxBytes,
    },
    {
      rule: 'L2: frameMaxBytes <= partialFrameMaxBytes',
      because: 'the largest frame must be able to arrive',
      keys: ['frameMaxBytes', 'partialFrameMaxBytes'],
      holds: ({ frameMaxBytes, partialFrameMaxBytes }) => frameMaxBytes <= partialFrameMaxBytes,
    },
    {
      rule: 'L3: connectionsPerAddressMaxCount <= connectionMaxCount',
      because: 'one address cannot have more connections than there are',
      keys: ['connectionsPerAddressMaxCount', 'connectionMaxCount'],
      holds: ({ connectionsPerAddressMaxCount, connectionMaxCount }) =>
        connectionsPerAddressMaxCount <= connectionMaxCount,
    },
  ];

  @IntegerKey({
    java: 'com.rocketmq.remoting.frameMaxLength',
    doc: 'Longest frame; a longer one closes its connection.',
    unit: 'bytes',
    min: 64 * KIB,
    max: 1_024 * MIB,
  })
  frameMaxBytes = 16 * MIB;

  @IntegerKey({ doc: 'Longest frame header.', unit: 'bytes', min: 4 * KIB, max: 16 * MIB })
  headerMaxBytes = 256 * KIB;

  @IntegerKey({ doc: 'Fields in a frame header.', unit: 'fields', min: 16, max: 65_536 })
  headerFieldMaxCount = 256;

  @IntegerKey({
    doc: 'Longest JSON body that is parsed.',
    unit: 'bytes',
    min: 64 * KIB,
    max: 1_024 * MIB,
  })
  jsonBodyMaxBytes = 16 * MIB;

  @IntegerKey({ doc: 'Nesting of a JSON body.', unit: 'levels', min: 8, max: 256 })
  jsonBodyMaxDepth = 16;

  @IntegerKey({
    doc: 'Size of a compressed registration body after inflating.',
    unit: 'bytes',
    min: 64 * KIB,
    max: 1_024 * MIB,
  })
  inflatedBodyMaxBytes = 64 * MIB;

  @IntegerKey({
    doc: 'A frame must be complete this long after its first byte.',
    unit: 'ms',
    min: 1_000,
    max: 3_600_000,
  })
  frameTimeoutMs = 30_000;

  @IntegerKey({
    doc: 'Connections in all; more are closed at once.',
    unit: 'connections',
    min: 1,
    max: 1_000_000,
  })
  connectionMaxCount = 10_000;

  @IntegerKey({ doc: 'Connections from one address.', unit: 'connections', min: 1, max: 1_000_000 })
  connectionsPerAddressMaxCount = 1_000;

  @IntegerKey({
    doc: 'Bytes of frames that have not arrived completely, over all connections.',
    unit: 'bytes',
    min: MIB,
    max: 1_024 * 1_024 * MIB,
  })
  partialFrameMaxBytes = 256 * MIB;

  @IntegerKey({
    doc: 'Bytes of requests that have not been answered, over all connections; reading pauses above it.',
    unit: 'bytes',
    min: MIB,
    max: 1_024 * 1_024 * MIB,
  })
  inFlightMaxBytes = 64 * MIB;

  @IntegerKey({
    doc: 'Requests of one connection that have not been answered; reading pauses above it.',
    unit: 'requests',
    min: 1,
    max: 1_000_000,
  })
  inFlightPerConnectionMaxCount = 1_024;

  @IntegerKey({
    doc: 'Bytes of answers that a peer has not read; above it the connection is closed.',
    unit: 'bytes',
    min: 64 * KIB,
    max: 1_024 * MIB,
  })
  unreadOutputMaxBytes = 16 * MIB;

  @IntegerKey({
    java: { key: 'serverChannelMaxIdleTimeSeconds', factor: 1_000 },
    doc: 'A connection on which nothing moves for so long is closed.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
  })
  idleTimeoutMs = 120_000;

  @IntegerKey({
    java: { key: 'shutdownWaitTimeSeconds', factor: 1_000, atMost: 9 },
    doc: 'How long a stop waits for requests that are being answered.',
    unit: 'ms',
    min: 0,
    max: 9_000,
  })
  drainTimeoutMs = 5_000;
}
