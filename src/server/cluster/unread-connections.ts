import type { Worker } from 'node:cluster';

/** A message of node:cluster's own, in either direction. */
interface InternalMessage {
  readonly act?: string;
  /** Numbers the messages of the primary. */
  readonly seq?: number;
  /** The number of the message that is answered. */
  readonly ack?: number;
  /** Names the listener. */
  readonly key?: string;
  /** Of the answer to a worker that wants to listen. */
  readonly errno?: number | null;
  /** Of a worker's answer: whether it took the connection. */
  accepted?: boolean;
}

/** The workers that accept connections of a listener. */
const acceptors = new Map<string, Set<Worker>>();

function acceptorsOf(key: string): Set<Worker> {
  const known = acceptors.get(key) ?? new Set();
  acceptors.set(key, known);
  return known;
}

/**
 * Hands the connections that a worker was given, and had not read when it ended, to the other workers.
 * Nothing of them is lost: the primary has them open until a worker accepts them. If no worker listens
 * any more, it closes them, also those that a worker refuses because it has just stopped listening. By
 * itself, node:cluster would keep both open for ever, and their clients would wait for an answer.
 */
export function redistributeUnread(worker: Worker): void {
  const { process } = worker;
  /** The listeners of the connections that it has not answered. */
  const unread = new Map<number, string>();
  const send = process.send.bind(process) as (...args: unknown[]) => boolean;

  process.send = (...args: unknown[]) => {
    const [{ act, seq, ack, key, errno }] = args as [InternalMessage];
    if (key !== undefined && act === 'newconn' && seq !== undefined) unread.set(seq, key);
    if (key !== undefined && ack !== undefined && !errno) acceptorsOf(key).add(worker);
    return send(...args);
  };
  const hasAcceptors = (key: string | undefined): boolean =>
    key === undefined || acceptorsOf(key).size > 0;
  // Before node:cluster reads it.
  process.prependListener('internalMessage', (message: InternalMessage) => {
    const { act, ack, key } = message;
    if (ack !== undefined) {
      // The primary closes its copy of an accepted connection, and queues a refused one.
      if (message.accepted === false && !hasAcceptors(unread.get(ack))) message.accepted = true;
      unread.delete(ack);
    }
    if (act === 'close' && key !== undefined) acceptorsOf(key).delete(worker);
  });
  process.once('close', () => {
    for (const workers of acceptors.values()) workers.delete(worker);
    // It may still be among those that get connections, if it has not confirmed the last one.
    worker.disconnect();
    for (const [seq, key] of unread) {
      // A worker that refuses a connection answers so; one that accepts it lets the primary close it.
      const accepted = !hasAcceptors(key);
      process.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted });
    }
  });
}
