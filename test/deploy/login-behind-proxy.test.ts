import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createListenerTls } from '../support/certificates.ts';
import { CAST } from '../support/fixture/cast.ts';
import { CSRF_HEADER, startLoginAt } from '../support/login.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { skipWithout } from '../support/program.ts';
import { startHaproxy } from './haproxy.ts';

const PUBLIC_URL = 'https://shop.example';

describe('Login behind a proxy that terminates TLS', { skip: skipWithout('haproxy') }, () => {
  it('uses PUBLIC_URL, and not the host of the request, from its start to a query', async () => {
    await using provider = await startOpenIdProvider();
    await using bff = await startLoginAt(provider, {
      PUBLIC_URL,
      TRUSTED_PROXIES: '127.0.0.1',
    });
    await using tls = await createListenerTls();
    const pem = join(tls.certificates.folder, 'site.pem');
    const { TLS_CERT: cert, TLS_KEY: key } = tls.env;
    await writeFile(pem, (await Promise.all([cert, key].map((file) => readFile(file)))).join('\n'));
    const port = Number(new URL(bff.url).port);
    await using haproxy = await startHaproxy([port, port], { certificate: pem });
    await haproxy.untilStatus(0, 'UP');

    async function send(path: string, headers: IncomingHttpHeaders = {}, body?: string) {
      const outgoing = request(new URL(path, haproxy.url.replace('http:', 'https:')), {
        ca: tls.ca,
        servername: 'localhost',
        method: body === undefined ? 'GET' : 'POST',
        headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', ...headers },
        agent: false,
      }).end(body);
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      return { status: response.statusCode, headers: response.headers, body: await text(response) };
    }

    const started = await send('/auth/login');
    assert.equal(started.status, 302, started.body);
    assert.match(started.headers['strict-transport-security'] ?? '', /^max-age/);
    const { location = '', 'set-cookie': [transaction = ''] = [] } = started.headers;
    const redirect = new URL(location).searchParams.get('redirect_uri');
    assert.equal(redirect, `${PUBLIC_URL}/auth/callback`);

    const query = provider.signIn(location, CAST.reader);
    const cookie = transaction.split(';', 1)[0];
    const finished = await send(`/auth/callback?${query}`, { cookie });
    assert.deepEqual([finished.status, finished.headers.location], [303, '/'], finished.body);
    const [token] = provider.requestsOf('/token');
    assert.equal(token?.get('redirect_uri'), `${PUBLIC_URL}/auth/callback`);

    const session = finished.headers['set-cookie']?.find((text) =>
      text.startsWith('__Host-session='),
    );
    assert.match(session ?? '', /; Secure; /);
    const answer = await send(
      '/graphql',
      {
        ...CSRF_HEADER,
        'content-type': 'application/json',
        cookie: session?.split(';', 1)[0],
      },
      JSON.stringify({ query: '{ viewer { id } }' }),
    );
    assert.deepEqual(JSON.parse(answer.body).data, { viewer: { id: CAST.reader } });
  });
});
