import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import type { Answer, Asker, Json } from '../support/world.ts';
import { ME, ORDERS, PHONE, place, rename } from './invalidation-copies.ts';
import {
  ask,
  type Copy,
  type Gated,
  howOf,
  send,
  signIn,
  startGated,
} from './invalidation-desk.ts';

const USERS_ORDERS = /^\/orders\?users=/;
const patient = { whileRevalidate: 30, ifError: 300 };
const onError = { whileRevalidate: 0, ifError: 300 };

/** A world in which everything expires soon, and one viewer's copy that has. */
async function startExpired(
  bff: BffDefinition,
  stale: BffDefinition['stale'],
  query: string,
  as: Asker = ME,
) {
  const world = await startGated({ ...bff, stale });
  for (const gate of Object.values(world.gates)) gate.say(() => ({ 'cache-control': 'max-age=2' }));
  const copy = { query, headers: await signIn(world, as) };
  assert.equal(howOf(await ask(world, copy)), 'stored');
  await sleep(2_100);
  world.reset();
  return { ...world, copy };
}

const orders = ORDERS.orders ?? '';
const dashboard = PHONE.dashboard ?? '';
const forEveryone = '{ announcements { id } profile(id: "42") { name } }';
const forStaff = '{ announcements { id } recentOrders { id } }';

const shows = ({ body }: Answer, id: string) => JSON.stringify(body).includes(`"${id}"`);

/** Changes the viewer's orders and tells nobody. */
async function placeQuietly(world: Gated): Promise<string> {
  const response = await world.services.order.inject({
    method: 'POST',
    url: '/orders',
    headers: { 'idempotency-key': 'quietly' },
    payload: { userId: ME, currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
  });
  return response.json().id;
}

describe('what has expired a moment ago', { concurrency: true }, () => {
  it('is served at once, and made new once for all who ask', async () => {
    await using world = await startExpired(web, patient, orders);
    const id = await placeQuietly(world);
    const behind = world.gates.order.hold(USERS_ORDERS);
    for (let time = 0; time < 2; time++) {
      const { answers } = await send(world, ...Array<Copy>(5).fill(world.copy));
      for (const answer of await answers) {
        assert.equal(howOf(answer), 'hit');
        assert.ok(!shows(answer, id));
      }
    }
    await behind.has(1);
    assert.equal(behind.count(), 1);
    behind.letGo();
    await until(async () => shows(await ask(world, world.copy), id));
    assert.equal(howOf(await ask(world, world.copy)), 'hit');
  });

  it('is made new, however little time the asker had', async () => {
    await using world = await startExpired(web, patient, orders);
    const id = await placeQuietly(world);
    const hasty = {
      ...world.copy,
      headers: { ...world.copy.headers, 'x-request-timeout-ms': '1000' },
    };
    const behind = world.gates.order.hold(USERS_ORDERS);
    assert.equal(howOf(await ask(world, hasty)), 'hit');
    await behind.has(1);
    await sleep(1_100);
    assert.equal(world.gates.order.left(), 0);
    behind.letGo();
    await until(async () => shows(await ask(world, world.copy), id));
  });

  it('is never served when it was purged, and what was to make it new is not kept', async () => {
    await using world = await startExpired(web, patient, orders);
    const behind = world.gates.order.hold(USERS_ORDERS);
    const old = await ask(world, world.copy);
    await behind.has(1);
    behind.end();
    await ask(world, place());
    const fresh = await ask(world, world.copy);
    assert.equal(howOf(fresh), 'stored');
    assert.notDeepEqual(fresh.body, old.body);
    behind.letGo();
    await until(() => world.calls().every(({ endedAt }) => endedAt !== null));
    assert.deepEqual((await ask(world, world.copy)).body, fresh.body);
  });

  it('is not brought back by a refresh that ends after the purge', async () => {
    await using world = await startExpired(web, patient, orders);
    const behind = world.gates.order.hold(USERS_ORDERS);
    const old = await ask(world, world.copy);
    await behind.has(1);
    await ask(world, place());
    behind.letGo();
    await until(() => world.calls().every(({ endedAt }) => endedAt !== null));
    await fetch(`${world.url}/healthz`);
    const next = await ask(world, world.copy);
    assert.equal(howOf(next), 'stored');
    assert.notDeepEqual(next.body, old.body);
  });

  it('is served no more when it was made new by what may not be kept', async () => {
    await using world = await startExpired(web, patient, orders);
    world.gates.order.say(() => ({ 'cache-control': 'no-store' }));
    const id = await placeQuietly(world);
    assert.equal(howOf(await ask(world, world.copy)), 'hit');
    await until(async () => shows(await ask(world, world.copy), id));
  });

  it('is asked for anew where nothing expired may be served', async () => {
    await using world = await startExpired(web, { whileRevalidate: 0, ifError: 0 }, orders);
    const id = await placeQuietly(world);
    assert.ok(shows(await ask(world, world.copy), id));
  });
});

describe('what has expired, when a service fails,', { concurrency: true }, () => {
  const failing = { announcements: { status: 503 } };

  it('is served whole instead of an answer in part if it is shared, and says how old it is', async () => {
    for (const query of [forEveryone, forStaff]) {
      await using world = await startExpired(web, onError, query, 'staff');
      for (const fault of [{ status: 503 }, { reset: true }, { malformed: 'shape' }] as const) {
        world.services.notification.control.faults({ announcements: fault });
        const { answers } = await send(world, ...Array<Copy>(3).fill(world.copy));
        for (const { headers, body } of await answers) {
          assert.match(headers.get('cache-status') ?? '', /^frontdesk; hit; ttl=-\d+$/);
          assert.ok(Number(headers.get('age')) >= 2);
          assert.equal(body.errors, undefined);
        }
      }
    }
  });

  it('is not served if it is private: its viewer gets the parts that can be had', async () => {
    await using world = await startExpired(mobile, onError, dashboard);
    world.services.notification.control.faults({ unreadByUsers: { status: 503 } });
    const { answers } = await send(world, ...Array<Copy>(3).fill(world.copy));
    for (const answer of await answers) demandPart(answer);
  });

  it('is served while its refresh fails, and then no more if it is private', async () => {
    await using world = await startExpired(mobile, patient, dashboard);
    world.services.notification.control.faults({ unreadByUsers: { status: 503 } });
    assert.equal(howOf(await ask(world, world.copy)), 'hit');
    await until(async () => howOf(await ask(world, world.copy)) !== 'hit');
    for (let n = 0; n < 2; n++) demandPart(await ask(world, world.copy));
    world.services.notification.control.clear();
    await until(async () => howOf(await ask(world, world.copy)) === 'stored');
  });

  it('is served when it never answers, in the time that each has', async () => {
    await using world = await startExpired(web, onError, forStaff, 'staff');
    world.services.notification.control.faults({ announcements: { hang: true } });
    const hasty = {
      ...world.copy,
      headers: { ...world.copy.headers, 'x-request-timeout-ms': '1000' },
    };
    const { answers } = await send(world, hasty, hasty, hasty);
    for (const answer of await answers) {
      assert.equal(answer.body.errors, undefined, JSON.stringify(answer.body.errors));
      assert.equal(howOf(answer), 'hit');
    }
  });

  it('is not served once it was purged', async () => {
    await using world = await startExpired(mobile, onError, forEveryone);
    world.services.notification.control.faults(failing);
    await ask(world, rename('A Name Like No Other'));
    const { body } = await ask(world, world.copy);
    assert.equal(body.data.profile.name, 'A Name Like No Other');
    assert.equal(body.data.announcements, null);
    assert.equal(body.errors.length, 1);
  });

  it('is not served when it is purged while the service fails', async () => {
    await using world = await startExpired(mobile, onError, forEveryone);
    world.services.notification.control.faults(failing);
    const slow = world.gates.user.hold(/^\/users\?ids=/);
    const { answers } = await send(world, world.copy);
    await slow.has(1);
    await purge(world, `User:${ME}`);
    slow.letGo();
    const [answer] = await answers;
    assert.equal(answer?.body.errors.length, 1);
  });

  it('is not served after what was newer, even if that was not kept', async () => {
    await using world = await startExpired(web, onError, forStaff, 'staff');
    world.gates.order.say(() => ({ 'cache-control': 'no-store' }));
    const id = await placeQuietly(world);
    assert.ok(shows(await ask(world, world.copy), id));
    world.services.order.control.faults({ recentOrders: { status: 501 } });
    const { body } = await ask(world, world.copy);
    assert.equal(body.errors?.length, 1, 'what is older comes back');
  });

  it('is not served where nothing expired may be', async () => {
    const none = { whileRevalidate: 0, ifError: 0 };
    await using world = await startExpired(mobile, none, forEveryone);
    world.services.notification.control.faults(failing);
    assert.equal((await ask(world, world.copy)).body.errors.length, 1);
  });
});

/** The dashboard without the count that fails. */
function demandPart({ headers, body }: Answer): void {
  assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
  assert.equal(body.data.dashboard.unreadCount, null);
  assert.ok(body.data.dashboard.user.name);
  assert.deepEqual(
    body.errors.map(({ path }: Json) => path),
    [['dashboard', 'unreadCount']],
  );
}
