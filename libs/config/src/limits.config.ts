import { IntegerKey, type ConfigRelation } from './config-key.decorator.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const GIB = 1_024 * MIB;

/**
 * What one peer, and all peers together, may take of this process. The properties are those of `RemotingLimits`
 * (libs/remoting), so that an instance can be given wherever those are wanted.
 */
export class LimitsConfig {
  static readonly group = 'limits';
  static readonly relations: readonly ConfigRelation<LimitsConfig>[] = [
    {
      rule: 'L1: headerBytesMax < frameBytesMax',
      because: 'a header is a part of its frame',
      keys: ['headerBytesMax', 'frameBytesMax'],
      holds: ({ headerBytesMax, frameBytesMax }) => headerBytesMax < frameBytesMax,
    },
    {
      rule: 'L2: frameBytesMax <= partialBytesMax',
      because: 'the largest frame must be able to arrive',
      keys: ['frameBytesMax', 'partialBytesMax'],
      holds: ({ frameBytesMax, partialBytesMax }) => frameBytesMax <= partialBytesMax,
    },
    {
      rule: 'L3: connectionsPerAddressMax <= connectionCountMax',
      because: 'one address cannot have more connections than there are',
      keys: ['connectionsPerAddressMax', 'connectionCountMax'],
      holds: ({ connectionsPerAddressMax, connectionCountMax }) =>
        connectionsPerAddressMax <= connectionCountMax,
    },
    {
      rule: 'L4: unsentPauseBytes <= unsentBytesMax <= unsentBytesTotalMax',
      because:
        'a peer that does not read is first slowed down, then closed, then weighed against the others',
      keys: ['unsentPauseBytes', 'unsentBytesMax', 'unsentBytesTotalMax'],
      holds: ({ unsentPauseBytes, unsentBytesMax, unsentBytesTotalMax }) =>
        unsentPauseBytes <= unsentBytesMax && unsentBytesMax <= unsentBytesTotalMax,
    },
  ];

  @IntegerKey({
    java: 'com.rocketmq.remoting.frameMaxLength',
    doc: 'Longest frame; a longer one closes its connection.',
    unit: 'bytes',
    min: 64 * KIB,
    max: GIB,
  })
  frameBytesMax = 16 * MIB;

  @IntegerKey({ doc: 'Longest frame header.', unit: 'bytes', min: 4 * KIB, max: 16 * MIB })
  headerBytesMax = 256 * KIB;

  @IntegerKey({ doc: 'Fields in a frame header.', unit: 'fields', min: 32, max: 65_536 })
  extCountMax = 256;

  @IntegerKey({
    doc: 'A frame must be complete this long after its first byte.',
    unit: 'ms',
    min: 1_000,
    max: 3_600_000,
  })
  frameDeadlineMs = 30_000;

  @IntegerKey({
    doc: 'Connections in all; more are closed at once.',
    unit: 'connections',
    min: 1,
    max: 1_000_000,
  })
  connectionCountMax = 10_000;

  @IntegerKey({ doc: 'Connections from one address.', unit: 'connections', min: 1, max: 1_000_000 })
  connectionsPerAddressMax = 1_000;

  @IntegerKey({
    java: { key: 'serverChannelMaxIdleTimeSeconds', factor: 1_000 },
    doc: 'A connection on which nothing moves for so long is closed.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
  })
  idleMs = 120_000;

  @IntegerKey({
    doc: 'Bytes of frames that have not arrived completely, over all connections; above it the oldest such frame loses its connection.',
    unit: 'bytes',
    min: MIB,
    max: 1_024 * GIB,
  })
  partialBytesMax = 256 * MIB;

  @IntegerKey({
    doc: 'Requests of one connection that are being worked on; reading from it pauses above.',
    unit: 'requests',
    min: 1,
    max: 1_000_000,
  })
  inFlightCountMax = 1_024;

  @IntegerKey({
    doc: 'Bytes of requests that are being worked on, over all connections; reading from those that bring more pauses above.',
    unit: 'bytes',
    min: MIB,
    max: 1_024 * GIB,
  })
  inFlightBytesMax = 64 * MIB;

  @IntegerKey({
    doc: 'Unread bytes of answers at which reading requests of that connection pauses.',
    unit: 'bytes',
    min: KIB,
    max: GIB,
  })
  unsentPauseBytes = 512 * KIB;

  @IntegerKey({
    doc: 'Unread bytes of answers above which a connection is closed.',
    unit: 'bytes',
    min: 64 * KIB,
    max: GIB,
  })
  unsentBytesMax = 16 * MIB;

  @IntegerKey({
    doc: 'Unread bytes of answers over all connections; above it the one with most of them is closed.',
    unit: 'bytes',
    min: MIB,
    max: 1_024 * GIB,
  })
  unsentBytesTotalMax = 256 * MIB;

  @IntegerKey({
    doc: 'A connection whose unread bytes do not become fewer for so long is closed.',
    unit: 'ms',
    min: 1_000,
    max: 3_600_000,
  })
  unsentDeadlineMs = 60_000;

  @IntegerKey({
    doc: 'Requests of ours that wait for an answer of one peer.',
    unit: 'requests',
    min: 1,
    max: 1_000_000,
  })
  pendingCountMax = 16_384;

  @IntegerKey({
    java: { key: 'shutdownWaitTimeSeconds', factor: 1_000, atMost: 9 },
    doc: 'How long a stop waits for requests that are being answered.',
    unit: 'ms',
    min: 0,
    max: 9_000,
  })
  drainTimeoutMs = 5_000;
}
