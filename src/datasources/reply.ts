import type { UpstreamReply } from '../upstream/upstream.ts';
import { badCursor } from './target.ts';

/** The error for a status outside the upstream's contract; the response counts as malformed. */
export const unexpectedStatus = (status: number) => new Error(`unexpected status ${status}`);

/**
 * Returns the body of a response that can only be 200.
 * @throws Error for any other status
 */
export function bodyOf<Body>({ status, body }: UpstreamReply<Body>): Body {
  if (status !== 200) throw unexpectedStatus(status);
  return body;
}

/**
 * Returns the body of a page; 400 means that the upstream rejected the client's cursor, if there was one.
 * @throws BffError BAD_USER_INPUT for the cursor, Error for any other status
 */
export function pageBodyOf<Body>(reply: UpstreamReply<Body>, cursor: string | null): Body {
  if (reply.status === 400 && cursor !== null) throw badCursor();
  return bodyOf(reply);
}
