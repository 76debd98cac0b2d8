import { BffError } from '../../src/errors.ts';
import type { Json } from './environment.ts';

/** An answer that means something: 2xx, or a 4xx about the request itself. */
export interface NaiveReply {
  readonly status: number;
  readonly body: Json;
}

type Read<T> = (reply: NaiveReply) => T;

interface Change {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
}

/** A service that answers so refuses its caller, whatever is asked. */
const ABOUT_THE_CALLER = [401, 403, 407, 408, 425, 429];
const NOT_DONE = [401, 403, 407, 429];

class NoAnswer extends Error {
  /** Whether the service said that it did nothing. */
  readonly isRefusal: boolean;

  constructor(isRefusal = false) {
    super('no meaningful answer');
    this.isRefusal = isRefusal;
  }
}

/**
 * Asks one service over HTTP, each time anew: nothing is shared, tried again, given up or kept.
 * @param base - its address, without a path
 */
export function createNaiveCall(base: string) {
  async function exchange(path: string, init: RequestInit = {}): Promise<NaiveReply> {
    const response = await fetch(base + path, { ...init, redirect: 'manual' });
    const { status, headers } = response;
    const isMeaningful = response.ok || (status >= 400 && status < 500);
    const isRefusal = ABOUT_THE_CALLER.includes(status);
    if (!isMeaningful || isRefusal) {
      await response.body?.cancel();
      throw new NoAnswer(NOT_DONE.includes(status));
    }
    const text = await response.text();
    if (!headers.get('content-type')?.startsWith('application/json')) throw new NoAnswer();
    return { status, body: JSON.parse(text) };
  }

  return {
    /** @throws BffError UPSTREAM_UNAVAILABLE for whatever goes wrong, but for BffErrors of `read` */
    async read<T>(path: string, read: Read<T>): Promise<T> {
      try {
        return read(await exchange(path));
      } catch (error) {
        throw error instanceof BffError ? error : unavailable();
      }
    },

    /** As `read`; the error says so, if the change may have been made all the same. */
    async write<T>({ method, path, json, headers }: Change, read: Read<T>): Promise<T> {
      const typed = {
        ...headers,
        ...(json !== undefined && { 'content-type': 'application/json' }),
      };
      const body = json === undefined ? null : JSON.stringify(json);
      try {
        return read(await exchange(path, { method, headers: typed, body }));
      } catch (error) {
        if (error instanceof BffError) throw error;
        throw error instanceof NoAnswer && error.isRefusal ? unavailable() : unknown();
      }
    },
  };
}

export type NaiveCall = ReturnType<typeof createNaiveCall>;

const unavailable = () =>
  new BffError(
    'UPSTREAM_UNAVAILABLE',
    'This part of the response is temporarily unavailable. Retry later.',
  );

const unknown = () =>
  new BffError(
    'UPSTREAM_UNAVAILABLE',
    'The outcome of this change is unknown. Check it before you retry.',
  );
