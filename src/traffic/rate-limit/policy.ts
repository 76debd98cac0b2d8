import { BffError } from '../../errors.ts';
import type { LocalCounters, Usage } from './local-counters.ts';

/** A quota of cost units per time window. */
export interface Policy {
  /** The kind of rate-limit key; shown to clients. */
  readonly name: 'address' | 'viewer';
  /** Cost units per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** Its item of `RateLimit-Policy`. */
  readonly quota: string;
  /** The counts that this process knows, including those that the shared counter returned. */
  readonly counters: LocalCounters;
  /**
   * Charges a key, in this process or in the shared counter. Never rejects.
   * @param now - on the clock of performance.now()
   * @param limit - that of this policy
   */
  readonly spend: (
    key: string,
    units: number,
    now: number,
    limit: number,
  ) => Usage | Promise<Usage>;
}

/**
 * The error for an exhausted window: 429 in HTTP, with `Retry-After` (RFC 9110 §10.2.3) and the headers
 * of the exceeded policy, which state the same time.
 */
export function rateLimitError(policy: Policy, { endsAt }: Usage, now: number): BffError {
  const { name, limit, windowSeconds, quota } = policy;
  const retryAfterSeconds = secondsUntil(endsAt, now);
  return new BffError(
    'RATE_LIMITED',
    `Rate limit exceeded. Retry in ${retryAfterSeconds} seconds.`,
    {
      details: { policy: name, limit, windowSeconds, retryAfterSeconds },
      headers: {
        'retry-after': String(retryAfterSeconds),
        'ratelimit-policy': quota,
        ratelimit: formatRemaining(name, 0, retryAfterSeconds),
      },
    },
  );
}

/** The error for an operation that costs more than a whole window, so that no retry can succeed. */
export function unaffordableError({ name, limit, windowSeconds }: Policy, units: number): BffError {
  return new BffError(
    'QUERY_TOO_COMPLEX',
    'This operation costs more than the whole rate limit. Request less.',
    {
      details: { policy: name, limit, windowSeconds, actual: units },
    },
  );
}

/** At least 1, because a retry after 0 seconds comes too early. */
const secondsUntil = (endsAt: number, now: number): number =>
  Math.max(1, Math.ceil((endsAt - now) / 1_000));

/** `RateLimit-Policy` and `RateLimit`, structured fields (draft-ietf-httpapi-ratelimit-headers-11 §3, §4; `qu` names the unit). */
export type RateHeaders = {
  readonly 'ratelimit-policy'?: string;
  readonly ratelimit?: string;
};

export const formatQuota = (name: string, limit: number, windowSeconds: number): string =>
  `"${name}";q=${limit};w=${windowSeconds};qu="cost-units"`;

const formatRemaining = (name: string, remaining: number, seconds: number): string =>
  `"${name}";r=${remaining};t=${seconds}`;

/** The headers of one policy after an operation was charged. */
export const toRateHeaders = (
  { name, limit, quota }: Policy,
  { used, endsAt }: Usage,
  now: number,
): Required<RateHeaders> => ({
  'ratelimit-policy': quota,
  ratelimit: formatRemaining(name, limit - used, secondsUntil(endsAt, now)),
});

/** The headers of two policies. */
export const joinRateHeaders = (
  first: Required<RateHeaders>,
  second: Required<RateHeaders>,
): Required<RateHeaders> => ({
  'ratelimit-policy': `${first['ratelimit-policy']}, ${second['ratelimit-policy']}`,
  ratelimit: `${first.ratelimit}, ${second.ratelimit}`,
});
