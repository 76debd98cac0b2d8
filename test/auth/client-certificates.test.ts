import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { mobile } from '../../bff-mobile/bff.ts';
import { partner } from '../../bff-partner/bff.ts';
import { toThumbprint } from '../../src/http/peer-certificate.ts';
import { createListenerTls } from '../support/certificates.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { connectHttp2 } from '../support/http2-client.ts';
import { until } from '../support/until.ts';
import { createProver, dpopHeaders, issueBoundToken } from './bound-token.ts';

const ME = { query: '{ me { id } }' };
const OF_42 = { data: { me: { id: '42' } } };

/** The certificate of a client and its key, as PEM. */
interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

const derOf = ({ cert }: ClientCertificate): Buffer => new X509Certificate(cert).raw;
const tokenFor = (certificate: ClientCertificate): Promise<string> =>
  issueBoundToken({ 'x5t#S256': toThumbprint(derOf(certificate)) });

interface ReceivedResponse {
  readonly status: number | undefined;
  readonly body: Json;
}

async function post(
  endpoint: string,
  headers: Record<string, string | string[]>,
  agent?: Agent,
): Promise<ReceivedResponse> {
  const request = endpoint.startsWith('https') ? requestHttps : requestHttp;
  const outgoing = request(endpoint, {
    method: 'POST',
    ...(agent && { agent }),
    headers: { 'content-type': 'application/json', ...headers },
  }).end(JSON.stringify(ME));
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  assert.ok(response);
  return { status: response.statusCode, body: (await json(response)) as Json };
}

function assertRefused({ status, body }: ReceivedResponse, what = 'refused'): void {
  assert.equal(status, 401, what);
  assert.match(body.errors[0].message, /^The token is bound to a client certificate/, what);
}

describe('A token that is bound to a client certificate', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let own: ClientCertificate;
  let other: ClientCertificate;
  let selfSigned: ClientCertificate;
  let token: string;
  let environment: Environment;
  before(async () => {
    tls = await createListenerTls();
    const read = async (files: { cert: string; key: string }) => ({
      cert: await readFile(files.cert, 'utf8'),
      key: await readFile(files.key, 'utf8'),
    });
    own = await read(await tls.certificates.issue(tls.authority));
    other = await read(await tls.certificates.issue(tls.authority));
    selfSigned = await read(await tls.certificates.authority('Client'));
    token = await tokenFor(own);
    const env = { ...tls.env, CACHE_MEMORY_MB: '16', PUBLIC_URL: '' };
    environment = await startEnvironment(partner, env);
  });
  after(async () => {
    await environment?.[Symbol.asyncDispose]();
    await tls?.[Symbol.asyncDispose]();
  });

  const bearer = (sent = token) => ({ authorization: `Bearer ${sent}` });
  /** Sends a request by HTTP/1.1, with a connection of its own. */
  async function postBy(certificate: ClientCertificate | undefined, sent = token) {
    const agent = new Agent({ ca: tls.ca, ...certificate, maxCachedSessions: 0 });
    try {
      return await post(environment.endpoint, bearer(sent), agent);
    } finally {
      agent.destroy();
    }
  }

  it('is accepted over HTTP/1.1 from the client with this certificate only', async () => {
    assert.deepEqual((await postBy(own)).body, OF_42);
    assertRefused(await postBy(other), 'another certificate of the same authority');
    assertRefused(await postBy(selfSigned), 'a certificate of another authority');
    assertRefused(await postBy(undefined), 'no certificate');
  });

  it('may be bound to a certificate that its client has signed itself', async () => {
    const sent = await tokenFor(selfSigned);
    assert.deepEqual((await postBy(selfSigned, sent)).body, OF_42);
    assertRefused(await postBy(own, sent));
  });

  it('is accepted over HTTP/2 from the client with this certificate only', async () => {
    for (const [certificate, status] of [
      [own, 200],
      [other, 401],
      [undefined, 401],
    ] as const) {
      using client = await connectHttp2(environment.url, tls.ca, certificate);
      assert.equal(client.session.alpnProtocol, 'h2');
      for (let n = 0; n < 2; n++) assert.equal((await client.post(ME, bearer())).status, status);
    }
  });

  it('is accepted on a resumed connection, whose handshake has no certificate', async () => {
    const { hostname, port } = new URL(environment.url);
    const options = { host: hostname, port: Number(port), ca: tls.ca };
    const ask = async (extra: object) => {
      const socket = connectTls({ ...options, ...extra });
      await once(socket, 'secureConnect');
      let session: Buffer | undefined;
      let text = '';
      socket.on('session', (given) => {
        session = given;
      });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      const body = JSON.stringify(ME);
      const length = `content-type: application/json\r\ncontent-length: ${body.length}`;
      const headers = `host: x\r\nauthorization: Bearer ${token}\r\n${length}`;
      socket.write(`POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n${body}`);
      await until(() => text.includes('}'));
      const isReused = socket.isSessionReused();
      socket.destroy();
      return { session, text, isReused };
    };
    const first = await ask(own);
    assert.match(first.text, /^HTTP\/1.1 200/);
    const resumed = await ask({ session: first.session });
    assert.ok(resumed.isReused);
    assert.match(resumed.text, /^HTTP\/1.1 200/);
    assert.match((await ask({})).text, /^HTTP\/1.1 401/);
  });

  it('does not stop clients without a certificate from using other tokens', async () => {
    const prover = await createProver();
    const bound = await prover.token();
    const proof = await prover.prove({ url: environment.endpoint, token: bound });
    using client = await connectHttp2(environment.url, tls.ca);
    assert.equal((await client.post(ME, dpopHeaders(bound, proof))).status, 200);
  });

  it('may be bound to a DPoP key as well, and then needs both', async () => {
    const prover = await createProver();
    const certificate = toThumbprint(derOf(own));
    const bound = await issueBoundToken({ jkt: prover.thumbprint, 'x5t#S256': certificate });
    const prove = () => prover.prove({ url: environment.endpoint, token: bound });
    for (const [given, headers, status] of [
      [own, dpopHeaders(bound, await prove()), 200],
      [undefined, dpopHeaders(bound, await prove()), 401],
      [own, bearer(bound), 401],
    ] as const) {
      using client = await connectHttp2(environment.url, tls.ca, given);
      assert.equal((await client.post(ME, headers)).status, status);
    }
  });

  it('is refused where certificates are not accepted, and none is asked for', async () => {
    await using phone = await startEnvironment(mobile, tls.env);
    for (const [{ app, endpoint }, isAsked] of [
      [phone, false],
      [environment, true],
    ] as const) {
      const connections: (X509Certificate | undefined)[] = [];
      const record = (socket: TLSSocket) => connections.push(socket.getPeerX509Certificate());
      app.server.on('secureConnection', record);
      // A client sends its certificate only if it is asked for one.
      const agent = new Agent({ ca: tls.ca, ...own, maxCachedSessions: 0 });
      const response = await post(endpoint, bearer(), agent);
      agent.destroy();
      app.server.off('secureConnection', record);
      if (!isAsked) assertRefused(response);
      assert.deepEqual(
        connections.map((certificate) => certificate !== undefined),
        [isAsked],
      );
    }
  });

  it('is accepted behind a trusted proxy that names the certificate, from nobody else', async () => {
    const header = (certificate: ClientCertificate) => ({
      ...bearer(),
      'client-cert': `:${derOf(certificate).toString('base64')}:`,
    });
    await using proxied = await startEnvironment(partner, { TRUSTED_PROXIES: '127.0.0.1' });
    assert.deepEqual((await post(proxied.endpoint, header(own))).body, OF_42);
    assertRefused(await post(proxied.endpoint, header(other)), 'another certificate');
    assertRefused(await post(proxied.endpoint, bearer()), 'no certificate');
    const der = derOf(own).toString('base64');
    for (const value of ['', '::', der, `:${der}`, `:${der}:;a=1`, `:${der}:, :${der}:`]) {
      const sent = { ...bearer(), 'client-cert': value };
      assertRefused(await post(proxied.endpoint, sent), value.slice(0, 5));
    }
    const repeated = { ...bearer(), 'client-cert': [`:${der}:`, `:${der}:`] };
    assertRefused(await post(proxied.endpoint, repeated), 'two headers');

    for (const TRUSTED_PROXIES of ['', '192.0.2.0/24']) {
      await using open = await startEnvironment(partner, { TRUSTED_PROXIES });
      assertRefused(await post(open.endpoint, header(own)), `trusted: ${TRUSTED_PROXIES}`);
      const forwarded = { ...header(own), 'x-forwarded-for': '192.0.2.1' };
      assertRefused(await post(open.endpoint, forwarded), 'a client that claims to be the proxy');
    }
    await using phone = await startEnvironment(mobile, { TRUSTED_PROXIES: '127.0.0.1' });
    assertRefused(await post(phone.endpoint, header(own)), 'a BFF without certificates');
  });

  it("is not bound to the proxy's own certificate", async () => {
    const env = { ...tls.env, TRUSTED_PROXIES: '127.0.0.1' };
    await using proxied = await startEnvironment(partner, env);
    const agent = new Agent({ ca: tls.ca, ...own });
    assertRefused(await post(proxied.endpoint, bearer(), agent));
    agent.destroy();
  });
});
