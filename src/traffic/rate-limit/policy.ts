import { BffError } from '../../errors.ts';
import type { LocalCounters, Usage } from './local-counters.ts';
import type { Spend } from './shared-counters.ts';

/** One rule on how much may be asked in how long. */
export interface Policy {
  /** Who pays: shown to clients. */
  readonly name: 'address' | 'viewer';
  /** Cost units per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** What this process knows, whoever counts. */
  readonly counters: LocalCounters;
  /** Adds to what the payer has used, wherever that is counted. Never rejects. */
  readonly spend: Spend;
}

/** @throws BffError RATE_LIMITED if this process knows that the payer has nothing left */
export function refuseExhausted(policy: Policy, payer: string, now: number): void {
  const usage = policy.counters.get(payer, now);
  if (usage && usage.used >= policy.limit) throw toRefusal(policy, usage, now);
}

/**
 * What a payer hears who has nothing left: 429 in HTTP, with `Retry-After` (RFC 9110 §10.2.3) and the
 * headers of the policy that refused, which agree on when.
 */
export function toRefusal(policy: Policy, { endsAt }: Usage, now: number): BffError {
  const { name, limit, windowSeconds } = policy;
  const retryAfterSeconds = secondsUntil(endsAt, now);
  return new BffError(
    'RATE_LIMITED',
    `Too much was asked in too short a time; ask again in ${retryAfterSeconds} seconds.`,
    {
      details: { policy: name, limit, windowSeconds, retryAfterSeconds },
      headers: {
        'retry-after': String(retryAfterSeconds),
        'ratelimit-policy': quotaOf(name, limit, windowSeconds),
        ratelimit: restOf(name, 0, retryAfterSeconds),
      },
    },
  );
}

/** What costs more than a whole window has is never let through, so that a retry would be in vain. */
export function tooCostly({ name, limit, windowSeconds }: Policy, units: number): BffError {
  return new BffError('QUERY_TOO_COMPLEX', 'This operation costs more than may ever be asked.', {
    details: { policy: name, limit, windowSeconds, actual: units },
  });
}

/** At least 1: who comes back after 0 seconds comes too early. */
const secondsUntil = (endsAt: number, now: number): number =>
  Math.max(1, Math.ceil((endsAt - now) / 1_000));

/** `RateLimit-Policy` and `RateLimit`, structured fields (draft-ietf-httpapi-ratelimit-headers-11 §3, §4; `qu` names the unit). */
export interface RateHeaders {
  readonly 'ratelimit-policy'?: string;
  readonly ratelimit?: string;
}

const quotaOf = (name: string, limit: number, windowSeconds: number): string =>
  `"${name}";q=${limit};w=${windowSeconds};qu="cost-units"`;

const restOf = (name: string, rest: number, seconds: number): string =>
  `"${name}";r=${rest};t=${seconds}`;

/** What is left of each policy, after an operation was let through. */
export function toRateHeaders(
  policies: readonly Policy[],
  usages: readonly Usage[],
  now: number,
): RateHeaders {
  let quotas = '';
  let rests = '';
  for (const [n, { name, limit, windowSeconds }] of policies.entries()) {
    const { used, endsAt } = usages[n] as Usage;
    const comma = n === 0 ? '' : ', ';
    quotas += comma + quotaOf(name, limit, windowSeconds);
    rests += comma + restOf(name, limit - used, secondsUntil(endsAt, now));
  }
  return { 'ratelimit-policy': quotas, ratelimit: rests };
}
