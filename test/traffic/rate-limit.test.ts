import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BffError } from '../../src/errors.ts';
import { createRateLimiter } from '../../src/traffic/index.ts';
import { LocalCounters } from '../../src/traffic/rate-limit/local-counters.ts';
import { until } from '../support/until.ts';

const ADDRESS = '192.0.2.1';
const ANNA = { address: ADDRESS, viewer: 'issuer:anna' };
const ANONYMOUS = { address: ADDRESS, viewer: undefined };

/** Parses a list of structured fields (RFC 9651): strings with parameters. */
function parse(field: string | undefined): [string, Record<string, number | string>][] {
  return (field ?? '').split(', ').map((item) => {
    assert.match(item, /^"[a-z]+"(;[a-z]+=(\d+|"[a-z-]+"))+$/);
    const [name = '', ...parameters] = item.split(';');
    const pairs = parameters.map((parameter) => parameter.split('='));
    return [
      JSON.parse(name),
      Object.fromEntries(pairs.map(([key, value = '']) => [key, JSON.parse(value)])),
    ];
  });
}

function refusal(work: () => unknown): BffError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof BffError);
    return error;
  }
  throw new assert.AssertionError({ message: 'was not refused' });
}

/** A limiter that counts in memory, so `take` returns a value. */
async function createLimiter(options: Parameters<typeof createRateLimiter>[0]) {
  const limiter = createRateLimiter(options);
  const take = (...given: Parameters<typeof limiter.take>) => {
    const headers = limiter.take(...given);
    assert.ok(!(headers instanceof Promise));
    return headers;
  };
  return { ...limiter, take };
}

describe('Rate limiter', () => {
  it('returns the quota and the remaining units of each policy', async () => {
    const { take } = await createLimiter({ limits: { address: 1_000, viewer: 300 } });
    take(ANNA, 40);
    const headers = take(ANNA, 2);

    assert.deepEqual(parse(headers['ratelimit-policy']), [
      ['address', { q: 1_000, w: 60, qu: 'cost-units' }],
      ['viewer', { q: 300, w: 60, qu: 'cost-units' }],
    ]);
    const remaining = parse(headers.ratelimit).map(([name, { r }]) => [name, r]);
    assert.deepEqual(remaining, [
      ['address', 958],
      ['viewer', 258],
    ]);
    for (const [, { t = 0 }] of parse(headers.ratelimit))
      assert.ok(Number(t) > 50 && Number(t) <= 60);
  });

  it('refuses an exhausted viewer with details and headers', async () => {
    const { take } = await createLimiter({ limits: { address: 0, viewer: 10 } });
    take(ANNA, 10);
    const error = refusal(() => take(ANNA, 1));

    assert.equal(error.code, 'RATE_LIMITED');
    const { retryAfterSeconds, ...details } = error.details;
    assert.deepEqual(details, { policy: 'viewer', limit: 10, windowSeconds: 60 });
    assert.ok(Number(retryAfterSeconds) > 50 && Number(retryAfterSeconds) <= 60);
    const headers = error.headers;
    assert.equal(headers['retry-after'], String(retryAfterSeconds));
    assert.deepEqual(parse(headers['ratelimit-policy']), [
      ['viewer', { q: 10, w: 60, qu: 'cost-units' }],
    ]);
    assert.deepEqual(parse(headers.ratelimit), [['viewer', { r: 0, t: retryAfterSeconds }]]);
  });

  it('accepts exactly as many units as the limit', async () => {
    const { take } = await createLimiter({ limits: { address: 30, viewer: 0 } });
    for (let n = 0; n < 10; n++) take(ANONYMOUS, 3);
    assert.equal(refusal(() => take(ANONYMOUS, 1)).details.policy, 'address');
  });

  it('charges both keys, so that many accounts share the limit of their address', async () => {
    const { take } = await createLimiter({ limits: { address: 30, viewer: 10 } });
    take({ address: ADDRESS, viewer: 'a' }, 10);
    assert.equal(
      refusal(() => take({ address: ADDRESS, viewer: 'a' }, 1)).details.policy,
      'viewer',
    );
    take({ address: ADDRESS, viewer: 'b' }, 10);
    take({ address: ADDRESS, viewer: 'c' }, 10);
    assert.equal(
      refusal(() => take({ address: ADDRESS, viewer: 'd' }, 1)).details.policy,
      'address',
    );
    assert.ok(take({ address: '192.0.2.2', viewer: 'd' }, 1));
  });

  it('does not charge the address for requests refused because of the viewer', async () => {
    const { take } = await createLimiter({ limits: { address: 100, viewer: 10 } });
    take(ANNA, 10);
    for (let n = 0; n < 1_000; n++) refusal(() => take(ANNA, 10));
    assert.equal(parse(take(ANONYMOUS, 1).ratelimit)[0]?.[1].r, 89);
  });

  for (const [cost, units] of [
    [0, 1],
    [0.2, 1],
    [-5, 1],
    [Number.NaN, 1],
    [2.1, 3],
  ] as const) {
    it(`charges ${units} for a cost of ${cost}`, async () => {
      const { take } = await createLimiter({ limits: { address: 100, viewer: 0 } });
      assert.deepEqual(parse(take(ANONYMOUS, cost).ratelimit)[0]?.[1].r, 100 - units);
    });
  }

  it('refuses an operation that costs more than a window, and charges one unit for the attempt', async () => {
    const { take } = await createLimiter({ limits: { address: 100, viewer: 50 } });
    const { code, details } = refusal(() => take(ANNA, 51));
    assert.equal(code, 'QUERY_TOO_COMPLEX');
    assert.deepEqual(details, { policy: 'viewer', limit: 50, windowSeconds: 60, actual: 51 });
    assert.equal(refusal(() => take(ANNA, Number.POSITIVE_INFINITY)).code, 'QUERY_TOO_COMPLEX');
    const remaining = parse(take(ANNA, 1).ratelimit).map(([, { r }]) => r);
    assert.deepEqual(remaining, [97, 47]);
  });

  it('limits a viewer by its own limit, and goes on counting when that changes', async () => {
    const { take, refuseExhausted } = await createLimiter({ limits: { address: 0, viewer: 100 } });
    const key = { address: ADDRESS, viewer: 'key:1' };
    const headers = take({ ...key, viewerLimit: 10 }, 6);
    assert.deepEqual(parse(headers['ratelimit-policy']), [
      ['viewer', { q: 10, w: 60, qu: 'cost-units' }],
    ]);
    assert.equal(parse(headers.ratelimit)[0]?.[1].r, 4);
    assert.equal(parse(take({ ...key, viewerLimit: 20 }, 2).ratelimit)[0]?.[1].r, 12);
    assert.equal(refusal(() => refuseExhausted({ ...key, viewerLimit: 8 })).details.limit, 8);
    refuseExhausted({ ...key, viewerLimit: 9 });
    assert.equal(parse(take(ANNA, 1).ratelimit)[0]?.[1].r, 99, 'another viewer');
  });

  it('has no limit if it is 0', async () => {
    const { take, refuseExhausted, charge } = await createLimiter({
      limits: { address: 0, viewer: 0 },
    });
    charge(ADDRESS, 1_000_000);
    refuseExhausted({ address: ADDRESS });
    assert.deepEqual(take(ANNA, 1_000_000), {});
  });

  it('starts a new window after the last, regardless of refused requests', async () => {
    const { take } = await createLimiter({
      limits: { address: 5, viewer: 0 },
      windowSeconds: 0.3,
    });
    const start = performance.now();
    take(ANONYMOUS, 5);
    let refused = 0;
    await until(() => {
      try {
        take(ANONYMOUS, 5);
        return true;
      } catch {
        refused++;
        return false;
      }
    });
    assert.ok(refused > 0);
    assert.ok(performance.now() - start >= 300);
  });

  it('refuses an exhausted address before the viewer is known', async () => {
    const { charge, refuseExhausted, take } = await createLimiter({
      limits: { address: 5, viewer: 100 },
    });
    for (let n = 0; n < 5; n++) {
      refuseExhausted({ address: ADDRESS });
      charge(ADDRESS);
    }
    assert.equal(refusal(() => refuseExhausted({ address: ADDRESS })).code, 'RATE_LIMITED');
    assert.equal(refusal(() => take(ANNA, 1)).details.policy, 'address');
    refuseExhausted({ address: '192.0.2.2' });
    for (let n = 1; n <= 25; n++) take({ address: `198.51.100.${n}`, viewer: 'a' }, 4);
    assert.equal(refusal(() => refuseExhausted({ viewer: 'a' })).details.policy, 'viewer');
    refuseExhausted({ viewer: 'b' });
  });

  it('counts an IPv6 network as one address, and so both forms of an IPv4 address', async () => {
    const { take } = await createLimiter({ limits: { address: 2, viewer: 0 } });
    const from = (address: string) => () => take({ address, viewer: undefined }, 2);
    from('2001:db8::1')();
    refusal(from('2001:DB8:0:0:ffff::2'));
    from('2001:db8:0:1::1')();
    from('::ffff:192.0.2.9')();
    refusal(from('192.0.2.9'));
    refusal(from('::ffff:c000:209'));
    from('no address')();
    refusal(from('neither'));
  });
});

describe('Local counters', () => {
  it('drop the least recently used key beyond their limit', () => {
    const counters = new LocalCounters(60_000);
    counters.add('first', 1, 0);
    for (let n = 0; n < 100_000; n++) counters.add(`key-${n}`, 1, 0);
    assert.equal(counters.get('first', 1), undefined);
    assert.equal(counters.get('key-99999', 1)?.used, 1);
  });
});
