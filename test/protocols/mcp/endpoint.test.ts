import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/client';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { createToken, type Environment, startEnvironment } from '../../support/environment.ts';
import { LOGIN, sessionCookie } from '../../support/session.ts';
import { createOperations } from '../rest/rest-client.ts';
import { connect, MCP, post, request, toolCall } from './mcp-client.ts';

const METADATA = '/.well-known/oauth-protected-resource';
const PUBLIC = { PUBLIC_URL: 'https://partner.shop.example' };
const CHALLENGE = `resource_metadata="${PUBLIC.PUBLIC_URL}${METADATA}/mcp"`;

const get = (environment: Environment, path: string, headers = {}) =>
  fetch(environment.url + path, { headers });

describe('The endpoint of the tools', () => {
  it('is off by default, with its metadata', async () => {
    await using environment = await startEnvironment(partner);
    for (const path of ['/mcp', METADATA, `${METADATA}/mcp`]) {
      assert.equal((await get(environment, path)).status, 404, path);
    }
    assert.equal((await post(environment, request('tools/list'))).status, 404);
  });

  it('does not exist on a BFF without tools', async () => {
    await using environment = await startEnvironment(web, MCP);
    assert.equal((await post(environment, request('tools/list'))).status, 404);
  });

  it('needs a public URL in production', () => {
    const env = { NODE_ENV: 'production', MCP: 'on' };
    assert.throws(() => loadConfig(env, partner), {
      message: /PUBLIC_URL: must be set with MCP=on/,
    });
  });
});

describe('A request to the tools', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(partner, {
      ...MCP,
      ...PUBLIC,
      CORS_ORIGINS: 'https://agent.example',
    });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  it('is answered alone, without a session', async () => {
    const { status, headers, body } = await post(environment, toolCall('my_orders', { first: 1 }), {
      as: CAST.customer,
    });
    assert.equal(status, 200);
    assert.equal(headers.get('mcp-session-id'), null);
    assert.equal(body.id, 7);
    assert.equal(body.result.structuredContent.data.me.id, CAST.customer);
  });

  it('is a POST', async () => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const response = await fetch(`${environment.url}/mcp`, { method });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.get('allow'), 'POST');
    }
  });

  it('opens no stream of changes', async () => {
    await using session = await connect(environment);
    assert.deepEqual(session.client.getServerCapabilities(), { tools: {} });
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const { status, body } = await post(
      environment,
      request('subscriptions/listen', { notifications: {}, _meta: meta }),
      { headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' } },
    );
    assert.deepEqual([status, body.error.message], [200, 'Subscription limit reached']);
  });

  it('is answered with a JSON-RPC error if it is malformed', async () => {
    for (const [message, headers, status] of [
      ['{', {}, 400],
      ['{}', {}, 400],
      [JSON.stringify('x'.repeat(300_000)), {}, 413],
      [request('ping'), { 'content-type': 'text/plain' }, 415],
      [request('ping'), { accept: 'text/html' }, 406],
      [request('ping'), { 'mcp-protocol-version': '1999-01-01' }, 400],
    ] as const) {
      const refused = await post(environment, message, { headers });
      assert.equal(refused.status, status, JSON.stringify(message).slice(0, 60));
      assert.equal(refused.body.jsonrpc, '2.0');
      assert.ok(refused.body.error.message);
    }
  });

  it('is answered with a parse error if it is not JSON', async () => {
    const { status, body } = await post(environment, '{"jsonrpc":');
    assert.deepEqual([status, body.error.code, body.id], [400, -32_700, null]);
  });

  it('is refused with a challenge if its token is not valid, whatever it asks for', async () => {
    for (const message of [request('tools/list'), request('initialize'), toolCall('my_orders')]) {
      const { status, headers, body } = await post(environment, message, {
        headers: { authorization: 'Bearer x.y.z' },
      });
      assert.deepEqual([status, body.error.data.code], [401, 'UNAUTHENTICATED']);
      assert.equal(headers.get('www-authenticate'), `Bearer error="invalid_token", ${CHALLENGE}`);
      assert.equal(body.id, 7);
    }
  });

  it('is refused with a challenge if its tool needs a user and it has no token', async () => {
    const { status, headers, body } = await post(environment, toolCall('my_orders'));
    assert.deepEqual([status, body.error.data.code], [401, 'UNAUTHENTICATED']);
    assert.equal(headers.get('www-authenticate'), `Bearer ${CHALLENGE}`);
  });

  it('is refused if it comes from a page of another origin', async () => {
    const message = request('tools/list');
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1', environment.url]) {
      const { status, body } = await post(environment, message, { headers: { origin } });
      assert.deepEqual([status, body.error.data.code], [403, 'FORBIDDEN'], origin);
    }
    for (const origin of [PUBLIC.PUBLIC_URL, 'https://agent.example']) {
      const { status } = await post(environment, message, { headers: { origin } });
      assert.equal(status, 200, origin);
    }
  });

  it('may come from pages of this machine without a public URL, and from no page that renamed it', async () => {
    await using local = await startEnvironment(partner, { ...MCP, PUBLIC_URL: '' });
    const list = (headers: Record<string, string>) =>
      post(local, request('tools/list'), { headers });
    assert.equal((await list({ origin: local.url })).status, 200);
    const { port } = new URL(local.url);
    const renamed = await sendWithHost(local.url, `evil.example:${port}`);
    assert.equal(renamed, 403);
  });

  it('may be anonymous for a public tool', async () => {
    await using folder = await createOperations({
      News: 'query News @tool { announcements { id } }',
    });
    await using other = await startEnvironment({ ...mobile, operations: folder.url }, MCP);
    await using session = await connect(other);
    const { structuredContent, isError } = await session.call('news');
    assert.equal(isError, undefined);
    assert.ok(structuredContent);
  });

  it('with a session needs the header against CSRF', async () => {
    await using folder = await createOperations({ Me: 'query Me @tool { viewer { id } }' });
    await using other = await startEnvironment(
      { ...web, operations: folder.url },
      { ...LOGIN, ...MCP },
    );
    const cookie = await sessionCookie(await createToken(CAST.customer));
    for (const message of [toolCall('me'), request('tools/list')]) {
      const refused = await post(other, message, { headers: { cookie } });
      assert.match(refused.text, /X-CSRF-Protection/);
      assert.doesNotMatch(refused.text, /"viewer"|"tools"/);
    }
    const headers = { cookie, 'x-csrf-protection': '1' };
    const { body } = await post(other, toolCall('me'), { headers });
    assert.equal(body.result.structuredContent.data.viewer.id, CAST.customer);
  });
});

/** Sends a request of a page that reached the server by another name. fetch sets Host itself. */
async function sendWithHost(url: string, host: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const body = JSON.stringify(request('tools/list'));
  const headers = {
    host,
    origin: `http://${host}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  send(`${url}/mcp`, { method: 'POST', headers }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  }).end(body);
  return promise;
}

describe('The metadata of the tools', () => {
  it('names the issuers and the scopes, for a client that has only the URL of the endpoint', async () => {
    await using environment = await startEnvironment(partner, { ...MCP, PUBLIC_URL: '' });
    const metadata = await discoverOAuthProtectedResourceMetadata(`${environment.url}/mcp`);
    assert.deepEqual(metadata, {
      resource: `${environment.url}/mcp`,
      resource_name: 'Frontdesk: partner',
      authorization_servers: ['https://demo.frontdesk.example'],
      scopes_supported: [
        'profile:read',
        'profile:write',
        'orders:read',
        'orders:write',
        'notifications:read',
        'notifications:write',
      ],
      bearer_methods_supported: ['header'],
    });
  });

  it('is the same at both paths, with the public URL', async () => {
    await using environment = await startEnvironment(partner, { ...MCP, ...PUBLIC });
    const [atRoot, atPath] = await Promise.all(
      [METADATA, `${METADATA}/mcp`].map(async (path) => (await get(environment, path)).json()),
    );
    assert.deepEqual(atRoot, atPath);
    assert.equal((atRoot as { resource: string }).resource, `${PUBLIC.PUBLIC_URL}/mcp`);
  });
});
