import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import type { Fault } from '../../services/support/faults.ts';
import type { Json } from '../support/environment.ts';
import { type Child, startChild } from './untrusted-child.ts';

/** No answer as the contract has it; `elsewhere` is where redirects lead. */
const UNTRUSTED: Readonly<Record<string, (elsewhere: string) => Fault>> = {
  'far too large': () => ({ body: 'oversized' }),
  'without an end': () => ({ body: 'endless' }),
  'that grows a thousandfold when it is unpacked': () => ({ body: 'gzipBomb' }),
  'shorter than it says': () => ({ body: 'wrongLength' }),
  'for people': () => ({ body: 'html' }),
  'that leads elsewhere': (location) => ({ body: 'redirect', location }),
  'of half a text': () => ({ malformed: 'json' }),
  'of another shape': () => ({ malformed: 'shape' }),
  'of wrong types': () => ({ malformed: 'types' }),
  'that stops in the middle': () => ({ cutBody: 'hang' }),
  'that breaks in the middle': () => ({ cutBody: 'reset' }),
};

const DASHBOARD = `{ dashboard {
  user { id name } orders(first: 2) { id total { amount } } unreadCount announcements { id title }
} }`;
const change = () => `mutation {
  updateProfile(input: { name: "Amara" }) { user { name } userErrors { code } }
  placeOrder(input: { idempotencyKey: "${randomUUID()}", currency: "EUR",
    items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) { order { status } userErrors { code } }
}`;

const ASKS: readonly {
  readonly what: string;
  readonly query: () => string;
  readonly service: keyof Child['services'];
  readonly operation: string;
  readonly path: string;
}[] = [
  {
    what: 'a batched read',
    query: () => DASHBOARD,
    service: 'order',
    operation: 'ordersByUsers',
    path: 'dashboard.orders',
  },
  {
    what: 'a read of its own',
    query: () => DASHBOARD,
    service: 'notification',
    operation: 'announcements',
    path: 'dashboard.announcements',
  },
  {
    what: 'a change',
    query: change,
    service: 'order',
    operation: 'placeOrder',
    path: 'placeOrder',
  },
];

/** Of the services: where they are, what they are asked, what they said. */
const TELLTALE =
  /127\.0\.0\.1|localhost|order service|notification service|ordersByUsers|users=|Sign in|not_json|unexpected|polluted|bytes|JSON|gzip|ECONN|aborted|got\b/i;
/** Longer than one attempt takes (see untrusted-child.ts). */
const DEADLINE_MS = '3000';
const ME = CAST.customer;

describe('an untrusted answer', () => {
  let child: Child;
  let elsewhere: string;
  before(async () => {
    child = await startChild();
    elsewhere = `${child.services.user.listeningOrigin}/users/${CAST.otherCustomer}`;
  });
  beforeEach(() => {
    for (const { control } of Object.values(child.services)) {
      control.clear();
      control.reset();
    }
  });
  after(() => child[Symbol.asyncDispose]());

  for (const { what, query, service, operation, path } of ASKS) {
    for (const [kind, faultOf] of Object.entries(UNTRUSTED)) {
      it(`${kind} costs ${what} its field, and is known to operators alone`, async () => {
        const whole = await child.ask(query(), ME);
        assert.deepEqual(whole.body.errors, undefined);
        const fault = faultOf(elsewhere);
        child.services[service].control.faults({ [operation]: fault });
        const hangs = fault.cutBody === 'hang';
        const patience = hangs ? { 'x-request-timeout-ms': DEADLINE_MS } : {};

        const { status, body, requestId } = await child.ask(query(), ME, patience);

        assert.equal(status, 200);
        assert.deepEqual(body.data, without(whole.body.data, path.split('.')));
        const [error, ...others] = body.errors;
        assert.deepEqual(others, []);
        assert.equal(error.path.join('.'), path);
        assert.equal(error.extensions.code, hangs ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE');
        assert.doesNotMatch(JSON.stringify(body.errors), TELLTALE);
        const entry = await child.logged(requestId);
        assert.deepEqual([entry.upstream, entry.operation], [service, operation]);
        assert.equal(child.services.user.control.requests().routes.getUser, undefined);
      });
    }

    it(`with keys that are a prototype's changes nothing of ${what}`, async () => {
      const whole = await child.ask(query(), ME);
      child.services[service].control.faults({ '*': { body: 'proto' } });
      const { body } = await child.ask(query(), ME);
      assert.deepEqual(body, whole.body);
      assert.equal((await child.tell()).polluted, null);
    });
  }

  it('has not ended the process', async () => {
    assert.deepEqual(await child.end(), [0, null]);
  });
});

function without(data: Json, path: readonly string[]): Json {
  const [step = '', ...rest] = path;
  return { ...data, [step]: rest.length > 0 ? without(data[step], rest) : null };
}
