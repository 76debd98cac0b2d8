import { BffError } from '../../../src/errors.ts';
import type { Upstream, UpstreamReply } from '../../../src/upstream/upstream.ts';

/** Statuses about the caller, whatever the request is. */
const CALLER_STATUSES = [401, 403, 407, 408, 425, 429];
/** Statuses of a write that was certainly not applied. */
const NOT_APPLIED_STATUSES = [401, 403, 407, 429];

/** A response without a usable status or body. */
class FailedCall extends Error {
  readonly isKnownNotApplied: boolean;

  constructor(status = 0) {
    super(`unusable response, status ${status}`);
    this.isKnownNotApplied = NOT_APPLIED_STATUSES.includes(status);
  }
}

/**
 * Creates the simplest client of a service, with the interface of the real one: each key of a batch is
 * a call of its own; nothing is shared, retried, limited or broken off.
 * @param baseUrl - the URL of the service, without a path
 */
export function createReferenceUpstream(baseUrl: string): Upstream {
  async function send<Body>(path: string, init?: RequestInit): Promise<UpstreamReply<Body>> {
    const response = await fetch(baseUrl + path, { ...init, redirect: 'manual' });
    const { status, ok, headers } = response;
    const isAboutRequest = status >= 400 && status < 500 && !CALLER_STATUSES.includes(status);
    const text = await response.text();
    const isJson = headers.get('content-type')?.startsWith('application/json');
    if (!(ok || isAboutRequest) || !isJson) throw new FailedCall(status);
    return { status, body: JSON.parse(text) };
  }

  return {
    batch(_operation, { target, read, missingKeyError }) {
      return (keys, _call, lane = {}) =>
        Promise.all(
          keys.map(async (key) => {
            try {
              const values = read([key], lane)(await send(target([key], lane).path));
              return values.has(key) ? (values.get(key) as never) : missingKeyError();
            } catch (error) {
              return toReadError(error);
            }
          }),
        );
    },

    read: () => async (request, _call, read) => {
      try {
        return read(await send(request.target.path));
      } catch (error) {
        throw toReadError(error);
      }
    },

    write: () => async (change, _call, read) => {
      const { method, target, json, headers } = change;
      const type = { 'content-type': 'application/json' };
      const init =
        json === undefined
          ? { method, headers: { ...headers } }
          : { method, headers: { ...headers, ...type }, body: JSON.stringify(json) };
      try {
        return read(await send(target.path, init));
      } catch (error) {
        throw toWriteError(error);
      }
    },

    close() {},
  };
}

const toReadError = (error: unknown): BffError =>
  error instanceof BffError
    ? error
    : new BffError(
        'UPSTREAM_UNAVAILABLE',
        'This part of the response is temporarily unavailable. Retry later.',
      );

function toWriteError(error: unknown): BffError {
  if (error instanceof FailedCall && error.isKnownNotApplied) return toReadError(error);
  if (error instanceof BffError) return error;
  return new BffError(
    'UPSTREAM_UNAVAILABLE',
    'The outcome of this change is unknown. Check it before you retry.',
  );
}
