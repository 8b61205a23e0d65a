/**
 * A view of the same bytes, position for position. Numbers are read and written through it several times as fast as through
 * the methods of `Buffer`, as long as it is made once for many of them.
 */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

let lastBuffer: ArrayBufferLike | undefined;
let lastView: DataView = new DataView(new ArrayBuffer(0));

/**
 * A view of the whole memory behind a buffer: positions in it are the buffer's plus its `byteOffset`. The last one is
 * kept, because sockets and files are read into the same memory again and again.
 */
export function memoryViewOf(bytes: Uint8Array): DataView {
  const { buffer } = bytes;
  if (buffer !== lastBuffer) {
    lastBuffer = buffer;
    lastView = new DataView(buffer);
  }
  return lastView;
}
