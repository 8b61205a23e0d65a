import { connect } from 'node:net';

/** Answers of the remoting protocol that a probe tells apart. */
export const SUCCESS = 0;

/**
 * Sends one request of the remoting protocol with a JSON header and gives the code of the answer.
 *
 * Enough to ask a process whether it serves yet; no client library is needed for it.
 *
 * @param {{ host: string, port: number }} address
 * @param {{ code: number, extFields?: Record<string, string> }} request
 * @param {number} timeoutMs until the answer is there
 * @returns {Promise<{ code: number, remark?: string, body: Buffer }>}
 * @throws when nothing listens, the connection breaks, or the time runs out
 */
export function ask(address, request, timeoutMs) {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const chunks = [];
    const timer = setTimeout(() => finish(new Error('no answer in time')), timeoutMs);
    const finish = (error, answer) => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve(answer);
    };
    socket.on('error', finish);
    socket.on('close', () => finish(new Error('connection closed')));
    socket.on('connect', () => socket.write(encode(request)));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      try {
        const answer = decode(Buffer.concat(chunks));
        if (answer) finish(undefined, answer);
      } catch (error) {
        finish(error);
      }
    });
  });
}

/** Frame: total length, header length (its high byte 0 means JSON), header, body. */
function encode({ code, extFields = {} }) {
  const header = Buffer.from(
    JSON.stringify({
      code,
      extFields,
      flag: 0,
      language: 'OTHER',
      opaque: 1,
      serializeTypeCurrentRPC: 'JSON',
      version: 0,
    }),
  );
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(4 + header.length, 0);
  lengths.writeUInt32BE(header.length, 4);
  return Buffer.concat([lengths, header]);
}

function decode(bytes) {
  if (bytes.length < 8 || bytes.length < 4 + bytes.readUInt32BE(0)) return undefined;
  const frameEnd = 4 + bytes.readUInt32BE(0);
  const headerEnd = 8 + (bytes.readUInt32BE(4) & 0xffffff);
  const { code, remark } = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  return { code, remark, body: bytes.subarray(headerEnd, frameEnd) };
}
