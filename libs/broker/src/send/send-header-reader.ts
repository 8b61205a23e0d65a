import { SendMessage, SendMessageV2, codec } from '@rocketmq-ts/protocol';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import type { SendFields } from './send-fields.js';

/** Reads the headers of the three send commands. The result is valid until the next call. */
export function sendHeaderReader(): (frame: RemotingFrame) => SendFields {
  const long = codec(SendMessage).decodeRequest;
  const short = codec(SendMessageV2).decodeRequest;
  return (frame) => {
    const decode = frame.code === SendMessage.code ? long : short;
    const { header } = decode(frame.ext(), NO_BYTES);
    const propertiesBytes = Buffer.from(header.properties ?? '');
    return {
      ...header,
      propertiesBytes,
      propertiesStart: 0,
      propertiesEnd: propertiesBytes.length,
    };
  };
}

const NO_BYTES = Buffer.alloc(0);
