import type { FastifyReply } from 'fastify';

/** Calls the listener when the client of a request disconnects; at once if it already has. */
export function onDisconnect({ raw }: FastifyReply, listener: () => void): void {
  if (raw.closed) listener();
  else raw.once('close', listener);
}
