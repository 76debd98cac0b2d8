import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { startWorld } from '../support/world.ts';
import { createCallers } from '../upstream/controlled-upstream.ts';
import { ACCOUNT, ME, ORDERS, PHONE, place, rename, STAFF } from './invalidation-copies.ts';
import { ask, askAnew, CACHED, copiesOf, hitsAmong, howOf, keep } from './invalidation-desk.ts';
import { lose, seeUnkept, UNKNOWN } from './invalidation-losses.ts';

describe('of a change with an unknown outcome', () => {
  it('staff’s lists and the phone’s first screen know as well', async () => {
    await using desk = await startWorld(web, CACHED);
    await keep(desk, STAFF);
    desk.services.order.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await lose(desk, place());
    assert.equal((await hitsAmong(desk, STAFF)).includes('staff: recent orders'), false);

    await using phone = await startWorld(mobile, CACHED);
    const { dashboard, orders: list, account } = PHONE as Record<string, string>;
    await keep(phone, copiesOf(ME, PHONE));
    phone.services.order.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await lose(phone, place());
    await seeUnkept(phone, copiesOf(ME, { dashboard, list } as Record<string, string>));
    assert.equal(howOf(await ask(phone, { as: ME, query: account ?? '' })), 'hit');
  });

  it('nothing is known before it is sent: a service that takes nothing changes nothing', async () => {
    await using world = await startWorld(web, CACHED);
    await keep(world, copiesOf(ME, ORDERS));
    world.services.order.control.faults({ placeOrder: { status: 403 } });
    const { body } = await ask(world, place());
    assert.notEqual(body.errors[0].message, UNKNOWN);
    assert.deepEqual(
      await hitsAmong(world, copiesOf(ME, ORDERS)),
      Object.keys(copiesOf(ME, ORDERS)),
    );
  });

  it('what is new meanwhile can be had, each time from the service', async () => {
    await using world = await startWorld(web, CACHED);
    const copy = { as: ME, query: ACCOUNT.account ?? '' };
    await keep(world, { copy });
    world.services.user.control.faults({ updateUser: { reset: true, afterWork: true } });
    await lose(world, rename('One'));
    world.services.user.control.clear();
    for (const name of ['Two', 'Three']) {
      const url = `/users/${ME}`;
      await world.services.user.inject({ method: 'PATCH', url, payload: { name } });
      assert.equal((await ask(world, copy)).body.data.viewer.user.name, name);
      assert.equal((await askAnew(world, copy)).body.data.viewer.user.name, name);
    }
  });

  it('the caches are told before who asked for it is', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = createUpstream({
      name: 'x',
      urls: [new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)],
      dnsServers: [],
      token: undefined,
      viewerKey: undefined,
      attemptTimeoutMs: 30_000,
      writeTimeoutMs: 60_000,
      utilization: () => 0,
      writes: { seen: 0 },
      log: pino({ level: 'silent' }),
    });
    using callers = createCallers();
    const change = upstream.write('w');
    const told: (readonly [readonly string[], boolean])[] = [];
    const recorder = {
      changed(tags: readonly string[], sure: boolean) {
        told.push([tags, sure]);
        return undefined;
      },
    };
    const call = { ...callers.call(200), recorder };
    const sent = change({ method: 'POST', target: '/w', tagsOf: () => ['Order:1'] }, call, () => 1);
    try {
      await assert.rejects(sent, { message: UNKNOWN });
      assert.deepEqual(told, [[['Order:1'], false]]);
    } finally {
      upstream.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
