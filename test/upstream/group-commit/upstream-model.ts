import type { Lane } from '../../../src/upstream/batcher.ts';
import type { CallWaiters } from '../../../src/upstream/call-context.ts';

export const KEYS = ['a', 'b', 'c', 'd', 'e'];
/** One key more than there is, so that responses hold a value that no caller asked for. */
const RESPONSE_KEYS = [...KEYS, 'stray'].toReversed();

export const LANES: readonly Lane[] = [
  {},
  { first: 1 },
  { first: 2 },
  { first: 1, status: 'open' },
  { first: 1, locale: 'de' },
  { locale: 'de' },
];

/** A batch has several keys and a lane; a read has one key, and is coalesced. */
export const CALL_KINDS = ['batch', 'read'] as const;
/** Responds with all values, without the first key, with an error, or with a malformed body. */
export const OUTCOMES = ['respond', 'omit', 'fail', 'malform'] as const;

export type CallKind = (typeof CALL_KINDS)[number];
export type Outcome = (typeof OUTCOMES)[number];

/** A value names the key and the lane that it is for, and the number of writes that it includes. */
export interface Value {
  readonly key: string;
  readonly lane: string;
  readonly version: number;
}

export interface ModelCall {
  readonly kind: CallKind;
  readonly keys: readonly string[];
  readonly lane: string;
  readonly waiters: CallWaiters;
  /** The key under which a read is coalesced. */
  readonly sharedKey: string;
  isOpen: boolean;
  omittedKey?: string | undefined;
  readonly settle: (outcome: Outcome) => void;
}

/** The error of one call; a malformed batch may be halved. */
export class CallError extends Error {
  readonly call: ModelCall;
  readonly isMalformed: boolean;

  constructor(call: ModelCall, isMalformed: boolean) {
    super(`call for ${call.keys} failed`);
    this.call = call;
    this.isMalformed = isMalformed;
  }
}

export class MissingKeyError extends Error {}

export const laneName = ({ first, status, locale }: Lane): string =>
  [first, status, locale].join('/');

interface Listeners {
  readonly onSend: (call: ModelCall) => void;
  readonly onAbort: (call: ModelCall) => void;
}

/**
 * An upstream that reads its state when a call is sent, which is the oldest state that the response
 * may have, and responds when it is told to.
 * @param badKeys - keys that make every response with one of them malformed
 */
export function createUpstreamModel(badKeys: readonly string[], { onSend, onAbort }: Listeners) {
  const versions = new Map(KEYS.map((key) => [key, 0]));
  const calls: ModelCall[] = [];
  const writes = { seen: 0 };
  const pendingWrites: string[] = [];
  const versionOf = (key: string): number => versions.get(key) ?? 0;

  function send(
    kind: CallKind,
    keys: readonly string[],
    lane: Lane,
    waiters: CallWaiters,
    sharedKey = '',
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, Value>>();
    const snapshot = new Map(versions);
    const name = laneName(lane);
    const toEntry = (key: string): [string, Value] => [
      key,
      { key, lane: name, version: snapshot.get(key) ?? 0 },
    ];
    const settle = (outcome: Outcome) => {
      call.isOpen = false;
      const isMalformed = outcome === 'malform' || keys.some((key) => badKeys.includes(key));
      if (isMalformed || outcome === 'fail') {
        return reject(new CallError(call, isMalformed && outcome !== 'fail'));
      }
      if (outcome === 'omit') call.omittedKey = keys[0];
      return resolve(new Map(RESPONSE_KEYS.filter((key) => key !== call.omittedKey).map(toEntry)));
    };
    const call: ModelCall = { kind, keys, lane: name, waiters, sharedKey, isOpen: true, settle };
    waiters.signal.addEventListener('abort', () => {
      onAbort(call);
      call.isOpen = false;
      reject(waiters.signal.reason as Error);
    });
    calls.push(call);
    onSend(call);
    return promise;
  }

  return {
    calls,
    openCalls: () => calls.filter(({ isOpen }) => isOpen),
    send,
    versionOf,
    /** Counted as in upstream.ts: when a write begins, and when it has ended. */
    writes,
    beginWrite(key: string) {
      writes.seen++;
      pendingWrites.push(key);
    },
    /** Applies the write as late as possible. */
    endWrite() {
      const key = pendingWrites.shift();
      if (key === undefined) return;
      versions.set(key, versionOf(key) + 1);
      writes.seen++;
    },
  };
}
