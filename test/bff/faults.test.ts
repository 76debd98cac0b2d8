import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { type Json, startWorld, type World } from '../support/world.ts';

type Service = keyof World['services'];

/** What each service's loss costs each screen; everything else must be as if nothing had happened. */
const COSTS: readonly {
  bff: BffDefinition;
  operation: string;
  costs: Record<Service, string[]>;
}[] = [
  {
    bff: mobile,
    operation: 'Dashboard',
    costs: {
      user: ['dashboard.user'],
      order: ['dashboard.orders'],
      notification: ['dashboard.announcements', 'dashboard.notifications', 'dashboard.unreadCount'],
    },
  },
  {
    bff: web,
    operation: 'Home',
    costs: {
      user: ['viewer.user'],
      order: ['viewer.orders'],
      notification: ['announcements', 'viewer.unreadCount'],
    },
  },
];

/** How a service can be lost, and what its fields' errors say then. */
const FAULTS: Record<
  string,
  { code: string; strike: (world: World, service: Service) => unknown }
> = {
  down: {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) => world.services[service].close(),
  },
  slow: {
    code: 'UPSTREAM_TIMEOUT',
    strike: (world, service) => world.services[service].control.faults({ '*': { hang: true } }),
  },
  failing: {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) => world.services[service].control.faults({ '*': { status: 503 } }),
  },
  'limiting its callers': {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) => world.services[service].control.faults({ '*': { status: 429 } }),
  },
  'refusing without a reason': {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) => world.services[service].control.faults({ '*': { status: 400 } }),
  },
  'sending broken JSON': {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) =>
      world.services[service].control.faults({ '*': { malformed: 'json' } }),
  },
  'sending something else': {
    code: 'UPSTREAM_UNAVAILABLE',
    strike: (world, service) =>
      world.services[service].control.faults({ '*': { malformed: 'shape' } }),
  },
};

const SERVICES: readonly Service[] = ['user', 'order', 'notification'];
/** Long enough that a part which is not struck is answered in time on a slow machine. */
const DEADLINE_MS = '2000';

for (const { bff, operation, costs } of COSTS) {
  const document = readFileSync(new URL(`${operation}.graphql`, bff.operations), 'utf8');

  describe(`${bff.name} ${operation}, with a service`, { concurrency: true }, () => {
    for (const [fault, { code, strike }] of Object.entries(FAULTS)) {
      for (const service of SERVICES) {
        it(`${fault}: ${service} costs ${costs[service].join(', ')}`, async () => {
          await using world = await startWorld(bff, { REQUEST_DEADLINE_MS: DEADLINE_MS });
          const whole = await world.ask(document, { as: CAST.customer });
          assert.equal(whole.body.errors, undefined);

          await strike(world, service);
          const { status, body } = await world.ask(document, { as: CAST.customer });

          assert.equal(status, 200);
          assert.deepEqual(body.data, without(whole.body.data, costs[service]));
          assert.deepEqual(
            body.errors
              .map((error: Json) => `${error.path.join('.')} ${error.extensions.code}`)
              .sort(),
            costs[service].map((path) => `${path} ${code}`),
          );
        });
      }
    }
  });
}

/** The same data with null at the paths. */
function without(data: Json, paths: readonly string[]): Json {
  const copy = structuredClone(data);
  for (const path of paths) {
    const parts = path.split('.');
    const last = parts.pop() as string;
    parts.reduce((parent, part) => parent[part], copy)[last] = null;
  }
  return copy;
}

describe('a service that is lost', () => {
  it('is not named in the answer, nor anything that it said', async () => {
    await using world = await startWorld(mobile);
    await world.ask('{ dashboard { unreadCount } }', { as: CAST.customer });
    world.services.user.control.faults({ '*': { malformed: 'json' } });
    await world.services.order.close();
    const { body } = await world.ask('{ dashboard { user { id } orders { id } } }', {
      as: CAST.customer,
    });
    assert.equal(body.errors.length, 2);
    assert.doesNotMatch(JSON.stringify(body), /127\.0\.0\.1|ECONN|JSON|service|usersByIds/);
  });

  it('is never reported as a lack of rights', async () => {
    await using world = await startWorld(web);
    world.services.order.control.faults({ '*': { status: 500 } });
    const { body } = await world.ask('{ order(id: "1") { id } }', { as: CAST.customer });
    assert.deepEqual(body.data, { order: null });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  });

  it('does not lock out who was let in, when it is the issuer of tokens', async () => {
    await using world = await startWorld(web);
    await world.ask('{ viewer { id } }', { as: CAST.customer });
    await world.services.user.close();
    const { body } = await world.ask('{ viewer { id unreadCount } }', { as: CAST.otherCustomer });
    assert.equal(body.errors, undefined);
    assert.equal(body.data.viewer.id, CAST.otherCustomer);
  });

  it('makes tokens impossible to check when the issuer was never reached, which is no 401', async () => {
    await using world = await startWorld(web);
    await world.services.user.close();
    const { status, body } = await world.ask('{ viewer { id } }', { as: CAST.customer });
    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.equal((await world.ask('{ announcements { id } }')).status, 200);
  });

  it('is asked again as soon as it is back', async () => {
    await using world = await startWorld(mobile);
    const query = '{ dashboard { orders { id } } }';
    world.services.order.control.faults({ '*': { status: 500 } });
    assert.equal((await world.ask(query, { as: CAST.customer })).body.errors.length, 1);
    world.services.order.control.clear();
    assert.equal((await world.ask(query, { as: CAST.customer })).body.errors, undefined);
  });
});
