import { IncomingMessage } from 'node:http';

/** A request that counts the bytes of its body as they arrive. */
export class CountedRequest extends IncomingMessage {
  bodyBytes = 0;
  /** The bytes that the rate limit was charged for. */
  chargedBytes = 0;

  /** Called by node:http with each piece of the body, and with null at its end. */
  override push(chunk: Buffer | null): boolean {
    if (chunk !== null) this.bodyBytes += chunk.length;
    return super.push(chunk);
  }
}

/** True if the headers announce a body (RFC 9112 §6). */
export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
