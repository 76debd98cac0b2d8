import type { WebSocket } from 'ws';
import { BffError } from '../../errors.ts';
import type { EndReason } from '../../events/index.ts';
import type { Log } from '../../telemetry/log.ts';

/** Time for a client to complete the closing handshake. */
const CLOSE_TIMEOUT_MS = 2_000;
/** The maximum of a close frame is 123 bytes (RFC 6455 §5.5). */
const MAX_REASON_LENGTH = 120;

/**
 * Close codes and reasons, as the clients of graphql-ws read them: they connect again after each of these, with
 * a new token if they are given one then.
 */
const CLOSE: Readonly<
  Record<Exclude<EndReason, 'client'>, readonly [code: number, reason: string]>
> = {
  credential: [4403, 'The token, session or key is not valid anymore'],
  slow: [1013, 'Events were read too slowly: load the data again'],
  unavailable: [1013, 'Credentials cannot be verified right now'],
  restart: [1012, 'Service restart'],
};

const BAD_REQUEST = 4400;
const INTERNAL_ERROR = 4500;
const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;

/** What graphql-ws throws for a message that only servers send. */
const FOR_CLIENTS = /^Unexpected message of type \w+ received$/;

/** Closes the connection of a subscription that has ended, unless its client has ended it. */
export function closeFor(reason: EndReason, socket: WebSocket): void {
  if (reason !== 'client') close(socket, ...CLOSE[reason]);
}

/** Closes a connection whose message was refused. */
export function closeAfterError(error: unknown, socket: WebSocket, log: Log): void {
  if (error instanceof BffError) {
    const isDenied = error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN';
    close(socket, isDenied ? FORBIDDEN : TRY_AGAIN_LATER, error.message);
    return;
  }
  if (error instanceof Error && FOR_CLIENTS.test(error.message)) {
    close(socket, BAD_REQUEST, 'Invalid message received');
    return;
  }
  log.error({ err: error }, 'unexpected error');
  close(socket, INTERNAL_ERROR, 'Internal server error');
}

/** Closes a connection; one whose client does not answer is ended soon. */
export function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(code, reason.slice(0, MAX_REASON_LENGTH));
  const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Sends a message. @returns a promise that resolves when it has left the process */
export const send = (socket: WebSocket, data: string): Promise<void> =>
  new Promise((resolve) => {
    // After an error the socket closes, which ends its subscriptions.
    if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
    else resolve();
  });
