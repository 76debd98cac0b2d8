import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { web } from '../../../bff-web/bff.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { startTokenEndpoint } from '../../upstream/token-endpoint.ts';
import { inSeconds } from '../issuer.ts';
import { startSigner } from './signer.ts';

const SHOP = 'https://shop.eu.auth0.com/';
const STAFF = 'https://id.shop.example/realms/staff';
const CALLER = { sub: '42', exp: inSeconds(3_600) };
const LISTS = '{ viewer { orders(first: 1) { edges { node { id } } } } }';
const PLACE = `mutation { placeOrder(
  input: { idempotencyKey: "one", currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }] }
) { order { id } } }`;

const shopToken = { ...CALLER, iss: SHOP, aud: 'api', azp: 'web', scope: 'openid' };
const staffToken = {
  ...CALLER,
  iss: STAFF,
  aud: 'frontdesk',
  azp: 'desk',
  typ: 'Bearer',
  sid: 's',
  scope: 'openid',
  realm_access: { roles: ['support'] },
};

describe('Several issuers', () => {
  type Signer = Awaited<ReturnType<typeof startSigner>>;
  let shop: Signer;
  let staff: Signer;
  let environment: Environment;
  const issuers = () => [
    {
      issuer: SHOP,
      jwksUrl: shop.url,
      audience: 'api',
      provider: 'auth0',
      clients: ['web'],
      defaultRole: 'customer',
      userIdPrefix: '',
    },
    {
      issuer: STAFF,
      jwksUrl: staff.url,
      audience: ['frontdesk'],
      provider: 'keycloak',
      clients: ['desk'],
      // As a customer, so that both may do the same.
      roles: { customer: ['support'] },
      userIdPrefix: 'staff|',
    },
  ];
  const start = (env: NodeJS.ProcessEnv = {}) =>
    startEnvironment(web, {
      CACHE_MEMORY_MB: '64',
      JWT_ISSUERS: JSON.stringify(issuers()),
      RATE_LIMIT_VIEWER: '1000',
      ...env,
    });
  before(async () => {
    shop = await startSigner();
    // The same key, published by both.
    staff = await startSigner();
    environment = await start();
  });
  beforeEach(() => environment.reset());
  after(async () => {
    await environment[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
    await staff[Symbol.asyncDispose]();
  });

  const send = (query: string, claims: object, target = environment) =>
    target.send(query, { headers: { authorization: `Bearer ${shop.sign(claims)}` } });
  const upstreamUsers = () =>
    environment
      .calls()
      .map(({ url }) => new URL(url, 'http://127.0.0.1').searchParams.get('users'))
      .filter(Boolean);

  it('have two viewers for one subject: ids upstream, stored responses and rate limits', async () => {
    const one = await send(LISTS, shopToken);
    const two = await send(LISTS, staffToken);
    assert.deepEqual(upstreamUsers(), ['42', 'staff|42']);
    assert.notDeepEqual(two.body, one.body, 'user 42 of the shop has orders');
    assert.deepEqual(two.body.data.viewer.orders.edges, []);
    for (const [claims, response] of [
      [shopToken, one],
      [staffToken, two],
    ] as const) {
      const again = await send(LISTS, claims);
      assert.match(again.headers.get('cache-status') ?? '', /hit/);
      assert.deepEqual(again.body, response.body);
    }
    assert.equal(environment.calls().length, 2);

    const placed = await send(PLACE, staffToken);
    assert.equal(placed.body.errors, undefined);
    const fresh = await send(LISTS, staffToken);
    assert.equal(
      fresh.body.data.viewer.orders.edges[0].node.id,
      placed.body.data.placeOrder.order.id,
    );
    const untouched = await send(LISTS, shopToken);
    assert.match(untouched.headers.get('cache-status') ?? '', /hit/);
    assert.deepEqual(untouched.body, one.body);

    const remaining = async (claims: object) => {
      const { headers } = await send('{ viewer { id } }', claims);
      return Number(/\br=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
    };
    const before = await remaining(shopToken);
    for (let n = 0; n < 5; n += 1) await remaining(staffToken);
    assert.ok((await remaining(shopToken)) > before - 5, 'each has a limit of its own');
  });

  it('never accept a token with the mapping, audience or client of another', async () => {
    const forged = {
      'the audience of the other': { ...shopToken, aud: 'frontdesk' },
      'the client of the other, without a scope': { ...shopToken, azp: undefined },
      'the claims of the other issuer': { ...staffToken, iss: SHOP },
      'an issuer that is not listed': { ...shopToken, iss: 'https://evil.example/' },
      'both issuers': { ...shopToken, iss: [SHOP, STAFF] },
      'no issuer': { ...shopToken, iss: undefined },
    };
    for (const [what, claims] of Object.entries(forged)) {
      const { status, body } = await send('{ viewer { id } }', claims);
      assert.equal(status, 401, `${what}: ${JSON.stringify(body)}`);
    }
    const { body } = await send(LISTS, { ...shopToken, azp: 'desk', scope: 'openid' });
    assert.equal(body.errors[0].extensions.code, 'FORBIDDEN', 'a client of the other issuer');
    assert.deepEqual(environment.calls(), []);
  });

  it('refuse a subject that would be the id of a user of another issuer', async () => {
    const { status } = await send('{ viewer { id } }', { ...shopToken, sub: 'staff|42' });
    assert.equal(status, 401);
    assert.equal((await send(LISTS, { ...shopToken, sub: 'staff' })).status, 200);
  });

  it('show the tokens of users to the token endpoint of their own issuer only', async () => {
    await using endpoint = await startTokenEndpoint();
    await using exchanging = await start({
      ...endpoint.env,
      UPSTREAM_TOKEN_ISSUER: SHOP,
      ORDER_SERVICE_CREDENTIALS: 'token-exchange',
    });
    const refused = await Promise.all(
      [LISTS, PLACE].map((query) => send(query, staffToken, exchanging)),
    );
    for (const { body } of refused) assert.equal(body.errors[0].extensions.code, 'FORBIDDEN');
    assert.deepEqual([endpoint.requests, exchanging.calls()], [[], []]);
    const { body } = await send(LISTS, shopToken, exchanging);
    assert.equal(body.errors, undefined);
    const tokens = exchanging.calls().map(({ headers }) => headers.authorization);
    assert.deepEqual(tokens, ['Bearer for-42']);
  });

  it('refuse a subject with white space at its ends, also after a prefix', async () => {
    for (const sub of [' 42', '42 ']) {
      assert.equal((await send('{ viewer { id } }', { ...staffToken, sub })).status, 401);
    }
  });

  it('have keys of their own: one that signs for another issuer is refused', async () => {
    const [first, second] = issuers();
    const elsewhere = { ...second, jwksUrl: `${staff.url}none` };
    await using other = await startSigner();
    const list = [first, { ...elsewhere, jwksUrl: other.url, algorithms: ['ES256'] }];
    await using separate = await start({ JWT_ISSUERS: JSON.stringify(list) });
    const { status } = await send('{ viewer { id } }', staffToken, separate);
    assert.equal(status, 401, 'RS256 is the algorithm of the first issuer only');
    assert.equal((await send('{ viewer { id } }', shopToken, separate)).status, 200);
  });

  it('fail alone: while the keys of one are unreachable, users of the others are served', async () => {
    const [first, second] = issuers();
    const list = [first, { ...second, jwksUrl: 'http://127.0.0.1:1/keys' }];
    await using separate = await start({ JWT_ISSUERS: JSON.stringify(list) });
    assert.equal((await send('{ viewer { id } }', staffToken, separate)).status, 503);
    assert.equal((await send('{ viewer { id } }', shopToken, separate)).status, 200);
  });

  it('are named by the message of a refused token in development, and never in production', async () => {
    const unknown = { ...shopToken, iss: 'https://evil.example/' };
    const { body } = await send('{ viewer { id } }', unknown);
    assert.equal(body.errors[0].message, 'The token is not valid: get a new one.');
    await using development = await start({ NODE_ENV: 'development', LOG_LEVEL: 'silent' });
    const explained = await send('{ viewer { id } }', unknown, development);
    assert.equal(
      explained.body.errors[0].message,
      `The token is not valid: get a new one. Its "iss" is "https://evil.example/", but JWT_ISSUERS ` +
        `lists "${SHOP}", "${STAFF}".`,
    );
    const role = await send('{ viewer { id } }', { ...staffToken, realm_access: {} }, development);
    assert.match(
      role.body.errors[0].message,
      /"realm_access.roles" is missing, and "roles" of https:\/\/id.shop.example\/realms\/staff in JWT_ISSUERS lists \["support"\]/,
    );
  });
});
