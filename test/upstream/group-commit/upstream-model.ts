import type { Lane } from '../../../src/upstream/batcher.ts';
import type { CallWaiters } from '../../../src/upstream/call-context.ts';

export const KEYS = ['a', 'b', 'c', 'd', 'e'];
/** One more than there are, so that answers hold what nobody asked for. */
const ANSWERED = [...KEYS, 'stray'].toReversed();

export const LANES: readonly Lane[] = [
  {},
  { first: 1 },
  { first: 2 },
  { first: 1, status: 'open' },
  { first: 1, locale: 'de' },
  { locale: 'de' },
];
export const WAYS = ['batch', 'read'] as const;
export const FATES = ['answer', 'leave out', 'fail', 'spoil'] as const;

export type Way = (typeof WAYS)[number];
export type Fate = (typeof FATES)[number];

/** A value says which question it answers, and after how many writes. */
export interface Value {
  readonly key: string;
  readonly lane: string;
  readonly version: number;
}

export interface Sent {
  readonly way: Way;
  readonly keys: readonly string[];
  readonly lane: string;
  readonly members: CallWaiters;
  /** Of a coalesced read: who may share it. */
  readonly shared: string;
  isOpen: boolean;
  omitted?: string | undefined;
  readonly tell: (fate: Fate) => void;
}

/** The failure of one call; a spoilt one may be halved. */
export class Struck extends Error {
  readonly sent: Sent;
  readonly isSpoilt: boolean;

  constructor(sent: Sent, isSpoilt: boolean) {
    super(`call for ${sent.keys} struck`);
    this.sent = sent;
    this.isSpoilt = isSpoilt;
  }
}

export class Absent extends Error {}

export const nameOf = ({ first, status, locale }: Lane): string =>
  [first, status, locale].join('/');

interface Watch {
  readonly onSend: (sent: Sent) => void;
  readonly onAbort: (sent: Sent) => void;
}

/**
 * Reads its state when a call is sent, which is the oldest that it may answer, and answers when told.
 * @param poison - keys each of which spoils every answer that it would be in
 */
export function createUpstreamModel(poison: readonly string[], { onSend, onAbort }: Watch) {
  const versions = new Map(KEYS.map((key) => [key, 0]));
  const sent: Sent[] = [];
  const writes = { seen: 0 };
  const begun: string[] = [];
  const versionOf = (key: string): number => versions.get(key) ?? 0;

  function post(way: Way, keys: readonly string[], lane: Lane, members: CallWaiters, shared = '') {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, Value>>();
    const snapshot = new Map(versions);
    const name = nameOf(lane);
    const toEntry = (key: string): [string, Value] => [
      key,
      { key, lane: name, version: snapshot.get(key) ?? 0 },
    ];
    const tell = (fate: Fate) => {
      call.isOpen = false;
      const isSpoilt = fate === 'spoil' || keys.some((key) => poison.includes(key));
      if (isSpoilt || fate === 'fail') return reject(new Struck(call, isSpoilt && fate !== 'fail'));
      if (fate === 'leave out') call.omitted = keys[0];
      return resolve(new Map(ANSWERED.filter((key) => key !== call.omitted).map(toEntry)));
    };
    const call: Sent = { way, keys, lane: name, members, shared, isOpen: true, tell };
    members.signal.addEventListener('abort', () => {
      onAbort(call);
      call.isOpen = false;
      reject(members.signal.reason as Error);
    });
    sent.push(call);
    onSend(call);
    return promise;
  }

  return {
    sent,
    open: () => sent.filter(({ isOpen }) => isOpen),
    post,
    versionOf,
    /** As upstream.ts counts them: when one begins, and when it has ended. */
    writes,
    beginWrite(key: string) {
      writes.seen++;
      begun.push(key);
    },
    /** The change happens as late as it can. */
    endWrite() {
      const key = begun.shift();
      if (key === undefined) return;
      versions.set(key, versionOf(key) + 1);
      writes.seen++;
    },
  };
}
