import type { MaybePromise } from '../maybe-promise.ts';
import type { IssuedToken } from './token-endpoint.ts';

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** The time before its expiry at which a token is renewed, at most. */
const RENEWAL_MS = 60_000;
/** The time before its expiry at which a token is no longer used, at most: a call takes time. */
const UNUSED_MS = 2_000;

/** The minimum age of a token that is dropped because an upstream refuses it. */
const MIN_REFUSED_AGE_MS = 10_000;

/** The current time in milliseconds; of a test, one that it moves. */
export type Now = () => number;

/**
 * Limits the requests that are sent while they fail: one after half a second, and then after twice the
 * time before, up to half a minute.
 */
export class Backoff {
  readonly #now: Now;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(now: Now) {
    this.#now = now;
  }

  /** True if a request may be sent now. While requests fail, that is one until it fails or succeeds. */
  get isOpen(): boolean {
    return this.#now() >= this.#retryAt;
  }

  begin(): void {
    if (this.#failures > 0) this.#retryAt = this.#now() + MAX_DELAY_MS;
  }

  succeed(): void {
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#failures = 0;
  }

  /** @param startedAt - of the request; those that were in flight together count as one failure */
  fail(startedAt: number): void {
    if (startedAt < this.#failedAt) return;
    const now = this.#now();
    this.#failedAt = now;
    this.#retryAt = now + Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** this.#failures++);
  }
}

/** No token can be had now, because a request for one has failed a moment ago. */
export class BackingOff extends Error {}

interface HeldToken {
  readonly value: string;
  readonly renewAt: number;
  readonly unusableAt: number;
  readonly refusableAt: number;
}

/**
 * One token that is renewed before it expires, by one request at a time. While renewals fail, it is used
 * until it expires.
 */
export class TokenSource {
  readonly #request: () => Promise<IssuedToken>;
  readonly #now: Now;
  readonly #backoff: Backoff;
  #held: HeldToken | undefined;
  #pending: Promise<string> | undefined;

  constructor(request: () => Promise<IssuedToken>, now: Now) {
    this.#request = request;
    this.#now = now;
    this.#backoff = new Backoff(now);
  }

  /** @throws BackingOff; errors of the request */
  get(): MaybePromise<string> {
    const held = this.#held;
    const now = this.#now();
    if (!held || now >= held.unusableAt) return this.#renew();
    // Not awaited: the token is still valid.
    if (now >= held.renewAt) this.#renew().catch(() => {});
    return held.value;
  }

  /** Drops a token that an upstream has refused, unless it is so new that another one would not help. */
  drop(value: string): void {
    if (this.#held?.value === value && this.#now() >= this.#held.refusableAt)
      this.#held = undefined;
  }

  #renew(): Promise<string> {
    if (this.#pending) return this.#pending;
    if (!this.#backoff.isOpen) return Promise.reject(new BackingOff());
    this.#pending = this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(): Promise<string> {
    const startedAt = this.#now();
    try {
      const { value, lifetimeSeconds } = await this.#request();
      const lifetimeMs = lifetimeSeconds * 1_000;
      const expiresAt = startedAt + lifetimeMs;
      this.#held = {
        value,
        renewAt: expiresAt - Math.min(RENEWAL_MS, lifetimeMs / 4),
        unusableAt: expiresAt - Math.min(UNUSED_MS, lifetimeMs / 10),
        refusableAt: startedAt + MIN_REFUSED_AGE_MS,
      };
      this.#backoff.succeed();
      return value;
    } catch (error) {
      // Another request failed a moment ago; nothing was sent for this token.
      if (!(error instanceof BackingOff)) this.#backoff.fail(startedAt);
      throw error;
    }
  }
}
