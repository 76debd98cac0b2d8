import type { Worker } from 'node:cluster';

/** A message of node:cluster's own, in either direction. */
interface InternalMessage {
  readonly act?: string;
  /** Numbers the messages of the primary. */
  readonly seq?: number;
  /** The number of the message that a worker answers. */
  readonly ack?: number;
}

type Handle = { readonly close?: () => void } | undefined;

/**
 * Closes the connections that a worker was given and had not accepted when it ended. node:cluster keeps
 * them open for ever, so their clients would wait for an answer instead of trying again.
 */
export function closeLostConnections({ process }: Worker): void {
  const given = new Map<number, Handle>();
  const send = process.send.bind(process) as (...args: unknown[]) => boolean;

  process.send = (...args: unknown[]) => {
    const [{ act, seq }, handle] = args as [InternalMessage, Handle];
    if (act === 'newconn' && seq !== undefined) given.set(seq, handle);
    return send(...args);
  };
  process.on('internalMessage', ({ ack }: InternalMessage) => {
    if (ack !== undefined) given.delete(ack);
  });
  process.once('exit', () => {
    for (const handle of given.values()) handle?.close?.();
  });
}
