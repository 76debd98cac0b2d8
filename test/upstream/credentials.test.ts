import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import pino from 'pino';
import type { OAuthCredentials } from '../../src/config/index.ts';
import { createCredentials } from '../../src/upstream/credentials.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { type ReceivedRequest, startEndpoint } from '../auth/endpoint.ts';
import { until } from '../support/until.ts';

const CLIENT_SECRET = 'the-secret-of-the-client';
const MIA = 'the.token.of-mia';
const BEN = 'the.token.of-ben';
const noToken = (error: unknown) => error instanceof UpstreamFailure && error.kind === 'refused';

const formOf = ({ body }: ReceivedRequest) => Object.fromEntries(new URLSearchParams(body));

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts a token endpoint that numbers its tokens, and the credentials of an upstream in front of it. */
async function start(changed: Partial<OAuthCredentials> = {}) {
  await using started = new AsyncDisposableStack();
  let issued = 0;
  const issue = (response: ServerResponse, { body }: ReceivedRequest) => {
    const form = new URLSearchParams(body);
    const subject = form.get('subject_token')?.split('-').at(-1) ?? 'own';
    sendJson(response, {
      access_token: `${subject}-${++issued}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 600,
    });
  };
  const endpoint = started.use(await startEndpoint(issue));
  const logged: string[] = [];
  const time = { ms: 0 };
  const credentials = createCredentials(
    {
      kind: 'client-credentials',
      tokenUrl: endpoint.url,
      clientId: 'frontdesk',
      clientSecret: CLIENT_SECRET,
      file: undefined,
      audience: 'orders',
      scope: 'orders.read orders.write',
      subjectIssuer: 'https://issuer.example',
      ...changed,
    },
    {
      name: 'order',
      log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
      now: () => time.ms,
    },
  );
  started.defer(() => credentials.close());
  const resources = started.move();
  return {
    endpoint,
    logged,
    issue,
    requests: () => endpoint.requests.length,
    tokenFor: async (viewerToken?: string) => credentials.tokenFor(viewerToken),
    refused: credentials.refused,
    advance(seconds: number) {
      time.ms += seconds * 1_000;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const goDown = (response: ServerResponse) => response.writeHead(503).end('not here');

describe('Client credentials', () => {
  it('are requested once for parallel calls, as the client, for audience and scope', async () => {
    await using test = await start();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => test.tokenFor()));
    assert.deepEqual(new Set(tokens), new Set(['own-1']));
    assert.equal(test.requests(), 1);
    const [request] = test.endpoint.requests as [ReceivedRequest];
    assert.deepEqual(formOf(request), {
      grant_type: 'client_credentials',
      audience: 'orders',
      scope: 'orders.read orders.write',
    });
    const [, basic = ''] = request.headers.authorization?.split(' ') ?? [];
    const [id, secret] = Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    assert.deepEqual([id, secret], ['frontdesk', CLIENT_SECRET]);
  });

  it('are renewed a minute before they expire, by one request that no call waits for', async () => {
    await using test = await start();
    await test.tokenFor();
    test.advance(539);
    assert.equal(await test.tokenFor(), 'own-1');
    assert.equal(test.requests(), 1);
    test.advance(2);
    assert.deepEqual(await Promise.all([test.tokenFor(), test.tokenFor()]), ['own-1', 'own-1']);
    await until(async () => (await test.tokenFor()) === 'own-2');
    assert.equal(test.requests(), 2);
  });

  it('are used until they expire while the endpoint is down', async () => {
    await using test = await start();
    await test.tokenFor();
    test.endpoint.respondWith(goDown);
    test.advance(541);
    let failures = 0;
    for (const seconds of [0, 0.6, 1.1, 2.1, 4.1, 8.1]) {
      test.advance(seconds);
      assert.equal(await test.tokenFor(), 'own-1');
      failures++;
      await until(() => test.logged.length === failures);
    }
    test.advance(45);
    await assert.rejects(test.tokenFor(), noToken);
  });

  it('are requested ever less often, up to twice a minute, while the endpoint is down', async () => {
    await using test = await start();
    test.endpoint.respondWith(goDown);
    let requests = 0;
    for (const seconds of [0.5, 1, 2, 4, 8, 16, 30, 30]) {
      await assert.rejects(test.tokenFor(), noToken);
      assert.equal(test.requests(), ++requests);
      test.advance(seconds - 0.25);
      await assert.rejects(test.tokenFor(), noToken);
      assert.equal(test.requests(), requests);
      test.advance(0.25);
    }
  });

  it('are refused at once between the attempts, and there again when the endpoint is', async () => {
    await using test = await start();
    test.endpoint.respondWith(goDown);
    for (let n = 0; n < 50; n++) await assert.rejects(test.tokenFor(), noToken);
    assert.equal(test.requests(), 1);
    test.endpoint.respondWith(test.issue);
    await assert.rejects(test.tokenFor(), noToken);
    test.advance(0.5);
    assert.equal(await test.tokenFor(), 'own-1');
  });

  it('are requested again when the upstream refuses a token that is not new', async () => {
    await using test = await start();
    await test.tokenFor();
    test.refused(undefined, 'own-1');
    assert.equal(await test.tokenFor(), 'own-1');
    test.advance(11);
    test.refused(undefined, 'another');
    assert.equal(await test.tokenFor(), 'own-1');
    test.refused(undefined, 'own-1');
    assert.equal(await test.tokenFor(), 'own-2');
  });

  for (const [what, respond, reason] of [
    [
      'an OAuth error',
      (response) => sendJson(response, { error: 'invalid_client' }, 401),
      /^status 401, invalid_client$/,
    ],
    [
      'a challenge',
      (response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end('{}'),
      /^status 401, invalid_client$/,
    ],
    ['another status', goDown, /503/],
    ['a redirect', (response) => response.writeHead(307, { location: '/' }).end(), /307/],
    ['no JSON', (response) => response.end('<html>'), /./],
    [
      'a token of another type',
      (response) => sendJson(response, { access_token: 'secret-token', token_type: 'DPoP' }),
      /^not a bearer token$/,
    ],
    [
      'a token of an unknown type',
      (response) => sendJson(response, { access_token: 'secret-token', token_type: 'N_A' }),
      /./,
    ],
    ['no token', (response) => sendJson(response, { token_type: 'Bearer' }), /access_token/],
    ['an endless body', (response) => response.end('x'.repeat(70_000)), /larger than/],
    ['a closed connection', (response) => response.destroy(), /./],
  ] as const satisfies readonly [string, (response: ServerResponse) => unknown, RegExp][]) {
    it(`give no token if the response is ${what}, and the log says so once`, async () => {
      await using test = await start();
      test.endpoint.respondWith(respond);
      await assert.rejects(test.tokenFor(), noToken);
      await assert.rejects(test.tokenFor(), noToken);
      assert.equal(test.logged.length, 1);
      const { msg, upstream, reason: logged } = JSON.parse(test.logged[0] ?? '');
      assert.deepEqual([msg, upstream], ['token request failed', 'order']);
      assert.match(logged, reason);
      assert.doesNotMatch(test.logged.join(), /secret-/);
    });
  }
});

describe('The secret of the client', () => {
  it('is read from its file again when that changes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
    const file = join(folder, 'secret');
    await writeFile(file, CLIENT_SECRET);
    await using test = await start({ file });
    await test.tokenFor();
    await writeFile(file, 'another secret');
    await until(() => test.logged.length === 1);
    test.advance(600);
    await test.tokenFor();
    await rm(folder, { recursive: true });
    const secrets = test.endpoint.requests.map(({ headers }) => {
      const [, basic = ''] = headers.authorization?.split(' ') ?? [];
      const [, secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
      return decodeURIComponent(secret.replaceAll('+', ' '));
    });
    assert.deepEqual(secrets, [CLIENT_SECRET, 'another secret']);
  });
});

describe('Token exchange', () => {
  it("exchanges each viewer's token once, for audience and scope", async () => {
    await using test = await start({ kind: 'token-exchange' });
    const asked = [MIA, BEN, MIA, BEN, MIA].map((token) => test.tokenFor(token));
    assert.deepEqual(await Promise.all(asked), ['mia-1', 'ben-2', 'mia-1', 'ben-2', 'mia-1']);
    assert.equal(test.requests(), 2);
    assert.deepEqual(formOf(test.endpoint.requests[0] as ReceivedRequest), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: MIA,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'orders',
      scope: 'orders.read orders.write',
    });
  });

  it('uses client credentials for calls without a viewer', async () => {
    await using test = await start({ kind: 'token-exchange' });
    assert.equal(await test.tokenFor(), 'own-1');
    assert.equal(await test.tokenFor(MIA), 'mia-2');
    assert.equal(formOf(test.endpoint.requests[0] as ReceivedRequest).subject_token, undefined);
  });

  it('refuses the calls of one viewer if only the token of that viewer is refused', async () => {
    await using test = await start({ kind: 'token-exchange' });
    test.endpoint.respondWith((response, request) => {
      if (request.body.includes('mia')) sendJson(response, { error: 'invalid_grant' }, 400);
      else test.issue(response, request);
    });
    await assert.rejects(test.tokenFor(MIA), noToken);
    assert.equal(await test.tokenFor(BEN), 'ben-1');
    await assert.rejects(test.tokenFor(MIA), noToken);
    assert.equal(test.requests(), 2);
  });

  const refuse =
    (status: number, error?: string, challenge?: string) => (response: ServerResponse) => {
      if (challenge) response.setHeader('www-authenticate', challenge);
      if (error) sendJson(response, { error }, status);
      else response.writeHead(status).end('<html>');
    };

  for (const [what, respond] of [
    ['400 invalid_request', refuse(400, 'invalid_request')],
    ['400 invalid_target', refuse(400, 'invalid_target')],
    ['400 invalid_scope', refuse(400, 'invalid_scope')],
    ['401 invalid_token', refuse(401, 'invalid_token')],
    ['401 with a challenge', refuse(401, undefined, 'Bearer error="invalid_token"')],
    ['403 access_denied', refuse(403, 'access_denied')],
    ['403 without an OAuth error', refuse(403)],
  ] as const) {
    it(`goes on for all other viewers while that of some is refused with ${what}`, async () => {
      await using test = await start({ kind: 'token-exchange' });
      test.endpoint.respondWith((response, request) => {
        if (request.body.includes('refused')) respond(response);
        else test.issue(response, request);
      });
      for (let n = 1; n <= 5; n++) {
        await assert.rejects(test.tokenFor(`refused-${n}`), noToken);
        await assert.rejects(test.tokenFor(`refused-${n}`), noToken);
        assert.equal(await test.tokenFor(`viewer-${n}`), `${n}-${n}`);
      }
      assert.equal(test.requests(), 10);
    });
  }

  for (const [what, respond] of [
    ['401 invalid_client', refuse(401, 'invalid_client')],
    ['401 with a challenge', refuse(401, undefined, 'Basic realm="id"')],
    ['400 unauthorized_client', refuse(400, 'unauthorized_client')],
    ['429', refuse(429, 'slow_down')],
  ] as const) {
    it(`pauses for all viewers after ${what}, which is not about one of them`, async () => {
      await using test = await start({ kind: 'token-exchange' });
      test.endpoint.respondWith(respond);
      for (let n = 0; n < 5; n++) await assert.rejects(test.tokenFor(`viewer-${n}`), noToken);
      assert.equal(test.requests(), 1);
    });
  }

  it('asks an endpoint that is down once in an interval, however many viewers there are', async () => {
    await using test = await start({ kind: 'token-exchange' });
    test.endpoint.respondWith(goDown);
    for (let n = 0; n < 30; n++) await assert.rejects(test.tokenFor(`viewer-${n}`), noToken);
    assert.equal(test.requests(), 1);
    test.advance(0.5);
    const asked = Array.from({ length: 30 }, (_, n) => test.tokenFor(`other-${n}`));
    const outcomes = await Promise.allSettled(asked);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(test.requests(), 2);
    test.endpoint.respondWith(test.issue);
    test.advance(1);
    assert.equal(await test.tokenFor(MIA), 'mia-1');
    assert.equal(await test.tokenFor('other-1'), '1-2');
  });

  it('logs neither the token of a viewer nor one of its own', async () => {
    await using test = await start({ kind: 'token-exchange' });
    test.endpoint.respondWith((response) => {
      const error_description = `the subject token ${MIA} has expired`;
      sendJson(response, { error: 'invalid_grant', error_description }, 400);
    });
    await assert.rejects(test.tokenFor(MIA), noToken);
    assert.match(test.logged.join(), /invalid_grant/);
    for (const secret of [MIA, CLIENT_SECRET]) assert.ok(!test.logged.join().includes(secret));
  });
});

describe('A static token', () => {
  it('is read from its file again when that changes, and kept if that is empty or gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
    const file = join(folder, 'token');
    await writeFile(file, 'first\n');
    const logged: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
    const credentials = createCredentials(
      { kind: 'token', token: 'first', file },
      { name: 'order', log },
    );
    const token = () => credentials.tokenFor(undefined);
    assert.equal(token(), 'first');
    await writeFile(file, 'second\n');
    await until(() => token() === 'second');
    await writeFile(file, '');
    await until(() => logged.some((line) => line.includes('credential kept')));
    assert.equal(token(), 'second');
    await rm(folder, { recursive: true });
    credentials.close();
    assert.doesNotMatch(logged.join(), /first|second/);
  });
});
