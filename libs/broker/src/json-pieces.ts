import { ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';

const PIECE_CHARS = 64 * 1024;
/** Longest frame that Apache's clients take, less room for the header. Source: rocketmq 5.5.0 `NettyDecoder`. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024 - 64 * 1024;

/** The text of a long JSON body, taken in small parts and given as pieces, so that no turn has to write all of it. */
export class JsonPieces {
  private readonly sealed: Buffer[] = [];
  private open: string[] = [];
  private openChars = 0;
  private sealedBytes = 0;

  /** @throws {ResponseError} the body becomes longer than clients take. */
  add(text: string): void {
    this.open.push(text);
    this.openChars += text.length;
    if (this.openChars >= PIECE_CHARS) this.seal();
  }

  /** As `add`, with a comma before all but the first of a list. @returns false: the next one is not the first */
  addItem(text: string, first: boolean): false {
    this.add(first ? text : `,${text}`);
    return false;
  }

  /** The body; nothing may be added afterwards. @throws {ResponseError} */
  pieces(): readonly Buffer[] {
    if (this.openChars > 0) this.seal();
    return this.sealed;
  }

  private seal(): void {
    const piece = Buffer.from(this.open.join(''), 'utf8');
    this.sealed.push(piece);
    this.sealedBytes += piece.length;
    this.open = [];
    this.openChars = 0;
    if (this.sealedBytes <= ANSWER_BYTES_MAX) return;
    const remark = `the answer has more than ${ANSWER_BYTES_MAX} bytes, which clients do not take; ask for less`;
    throw new ResponseError(ResponseCode.SYSTEM_ERROR, remark);
  }
}
