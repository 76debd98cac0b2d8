import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { partner } from '../../bff-partner/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { freePort } from '../../tools/free-port.ts';
import { startEnvironment } from '../support/environment.ts';
import { skipWithout } from '../support/program.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import { getFrom } from './edge-client.ts';
import { describeSubscriptions } from './edge-subscriptions.ts';
import { BEHIND_AN_EDGE, describeEdge } from './edge-suite.ts';
import { PURGE_TOKEN, startVarnish } from './varnish.ts';

const SKIP = skipWithout('varnishd', 'varnish varnish-modules');
const UPDATE =
  'mutation ($name: String!) { updateProfile(input: { name: $name }) { user { name } } }';

type Purged = Awaited<ReturnType<typeof startPurged>>;

describeEdge('Varnish', SKIP, startVarnish);
describeSubscriptions('Varnish', SKIP, startVarnish);

describe('Varnish in front of a BFF without WebSocket', { skip: SKIP }, () => {
  it('reads no second request from the connection of a refused handshake', async () => {
    await using environment = await startEnvironment(partner, BEHIND_AN_EDGE);
    await using varnish = await startVarnish(environment.url);
    const { hostname, port } = new URL(varnish.url);
    const handshake =
      'GET /graphql HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n';
    const socket = connect(Number(port), hostname);
    socket.write(handshake.repeat(2));
    const responses = (await text(socket)).match(/HTTP\/1\.1 \d+/g);
    assert.deepEqual(responses, ['HTTP/1.1 400']);
  });
});

/** Starts a BFF and the Varnish that it purges. */
async function startPurged() {
  await using started = new AsyncDisposableStack();
  const port = await freePort();
  const environment = started.use(
    await startEnvironment(web, {
      ...BEHIND_AN_EDGE,
      EDGE_PURGE_URL: `http://127.0.0.1:${port}/purge`,
      EDGE_PURGE_TOKEN: PURGE_TOKEN,
    }),
  );
  const varnish = started.use(await startVarnish(environment.url, port));
  const resources = started.move();
  return { environment, varnish, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const profileOf = (id: string): string => `{ profile(id: "${id}") { name } }`;

describe('Varnish that a BFF purges', { skip: SKIP }, () => {
  const started = new AsyncDisposableStack();
  let environment: Purged['environment'];
  let varnish: Purged['varnish'];
  before(async () => {
    ({ environment, varnish } = started.use(await startPurged()));
  });
  after(() => started.disposeAsync());
  beforeEach(() => varnish.resume());

  let user = 40;
  /** A public profile that Varnish has stored. */
  async function storeProfile() {
    const id = String(++user);
    const query = profileOf(id);
    await getFrom(varnish, query);
    const { isHit, headers, data } = await getFrom(varnish, query);
    assert.equal(isHit, true);
    return {
      id,
      query,
      headers,
      name: data.profile.name as string,
      /** The name that Varnish serves now. */
      served: async () => (await getFrom(varnish, query)).data.profile.name as string,
      rename: (name: string) => environment.send(UPDATE, { as: id, variables: { name } }),
    };
  }

  it('stores public responses for as long as the BFF does', async () => {
    const { headers } = await storeProfile();
    assert.match(headers.get('cdn-cache-control') ?? '', /max-age=300, stale-while-revalidate=30/);
  });

  it('serves what a mutation has changed', async () => {
    const profile = await storeProfile();
    const { body } = await profile.rename('Ada Byron');
    assert.equal(body.data.updateProfile.user.name, 'Ada Byron');
    await until(async () => (await profile.served()) === 'Ada Byron');
    // Its old response is not there any more, so nobody gets it later.
    for (let round = 0; round < 3; round++) assert.equal(await profile.served(), 'Ada Byron');
  });

  it('serves what an event of a service names anew, and the rest from its cache', async () => {
    const [purged, other] = [await storeProfile(), await storeProfile()];
    await purge(environment, `User:${purged.id}`);
    await until(async () => !(await getFrom(varnish, purged.query)).isHit);
    assert.equal((await getFrom(varnish, other.query)).isHit, true);
  });

  it('does not delay a mutation while it hangs, and gets the purge when it responds again', async () => {
    const profile = await storeProfile();
    varnish.pause();
    const { body } = await profile.rename('Grace Hopper');
    assert.equal(body.data.updateProfile.user.name, 'Grace Hopper');
    varnish.resume();
    await until(async () => (await profile.served()) === 'Grace Hopper');
  });

  it('is purged by a token only', async () => {
    const profile = await storeProfile();
    const send = (headers: Record<string, string>, method = 'POST') =>
      fetch(`${varnish.url}/purge`, {
        method,
        headers: { 'surrogate-key': `User:${profile.id}`, ...headers },
      });
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Bearer ' }]) {
      assert.equal((await send(headers as Record<string, string>)).status, 403);
    }
    assert.equal((await getFrom(varnish, profile.query)).isHit, true);
    assert.equal((await send({ authorization: `Bearer ${PURGE_TOKEN}` })).status, 200);
    assert.equal((await getFrom(varnish, profile.query)).isHit, false);
  });

  it('is purged of everything by the tag that all public responses have', async () => {
    const profiles = [await storeProfile(), await storeProfile()];
    await purge(environment, 'frontdesk');
    for (const { query } of profiles) {
      await until(async () => !(await getFrom(varnish, query)).isHit);
    }
  });

  it('serves nothing that was purged when the BFF is down', async () => {
    await using both = await startPurged();
    const [purged, kept] = [profileOf('42'), profileOf('43')];
    for (const query of [purged, kept]) await getFrom(both.varnish, query);
    await purge(both.environment, 'User:42');
    // Sends the purge before it ends.
    await both.environment.app.close();
    const status = async (query: string) =>
      (await fetch(`${both.varnish.url}/graphql?query=${encodeURIComponent(query)}`)).status;
    assert.deepEqual([await status(purged), await status(kept)], [503, 200]);
  });
});
