import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { target } from '../../src/datasources/target.ts';
import { createHttpClient } from '../../src/upstream/http-client.ts';
import { type CertificateFiles, createCertificates } from '../support/certificates.ts';
import { demoIssuerAt } from '../support/demo-issuer.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

const QUERY = '{ member(id: "42") { name } notices { id } }';

/** Puts TLS in front of a service, which requires a certificate of the authority from its clients. */
async function startTlsProxy(target: string, { cert, key }: CertificateFiles, ca: string) {
  const clients: string[] = [];
  let isClosingReused = false;
  const used = new WeakSet<object>();
  const options = {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(ca),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = createServer(options, (incoming, response) => {
    if (isClosingReused && used.has(incoming.socket)) return void incoming.socket.destroy();
    used.add(incoming.socket);
    clients.push((incoming.socket as TLSSocket).getPeerCertificate().serialNumber);
    const { method = 'GET', headers, url = '/' } = incoming;
    const outgoing = request(new URL(url, target), { method, headers }, (upstream) => {
      response.writeHead(upstream.statusCode ?? 500, upstream.headers);
      upstream.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clients,
    /** Closes each connection at its second request from now on, as after an idle timeout. */
    closeReused() {
      isClosingReused = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

const serialOf = ({ cert }: CertificateFiles): string =>
  new X509Certificate(readFileSync(cert)).serialNumber;

describe('An upstream with TLS that requires a client certificate', () => {
  let certificates: Awaited<ReturnType<typeof createCertificates>>;
  let authority: CertificateFiles;
  let client: CertificateFiles;
  let proxy: Awaited<ReturnType<typeof startTlsProxy>>;
  let services: Awaited<ReturnType<typeof startServices<'member'>>>;
  before(async () => {
    certificates = await createCertificates();
    authority = await certificates.authority();
    client = await certificates.issue(authority);
    services = await startServices(['member']);
    proxy = await startProxy();
  });
  after(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await services?.[Symbol.asyncDispose]();
    await certificates?.[Symbol.asyncDispose]();
  });

  async function startProxy(names?: string) {
    const server = await certificates.issue(authority, { names });
    return startTlsProxy(services.env.MEMBER_SERVICE_URL ?? '', server, authority.cert);
  }

  const start = (env: NodeJS.ProcessEnv, url = proxy.url): Promise<LibraryEnvironment> =>
    startLibrary({
      MEMBER_SERVICE_URL: url,
      // The issuer of tokens is not an upstream.
      ...demoIssuerAt(`${services.env.MEMBER_SERVICE_URL}/.well-known/jwks.json`),
      ...env,
    });

  const mutual = () => ({
    UPSTREAM_CA: authority.cert,
    UPSTREAM_CERT: client.cert,
    UPSTREAM_KEY: client.key,
  });

  /** Asserts that the field of the refused upstream is one error, and the others have their data. */
  async function assertOneError(environment: LibraryEnvironment): Promise<void> {
    const seen = proxy.clients.length;
    const { status, body } = await environment.send(QUERY);
    assert.equal(status, 200);
    assert.equal(body.errors.length, 1);
    assert.deepEqual(body.errors[0].path, ['member']);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.equal(body.data.notices.length, 12);
    assert.equal(proxy.clients.length, seen);
  }

  it('is called with the certificate of this service', async () => {
    await using environment = await start(mutual());
    const { body } = await environment.send(QUERY);
    assert.equal(body.errors, undefined);
    assert.equal(body.data.member.name, 'Ada Castro');
    assert.ok(proxy.clients.length > 0);
  });

  it('is called for changes, too', async () => {
    await using environment = await start(mutual());
    const seen = proxy.clients.length;
    const query = 'mutation { renameMember(name: "Ada Castro") { member { name } } }';
    const { body } = await environment.send(query, { as: '42' });
    assert.equal(body.errors, undefined);
    assert.ok(proxy.clients.length > seen);
  });

  it('is called with the certificate for it alone, if there is one', async () => {
    const own = await certificates.issue(authority);
    await using environment = await start({
      ...mutual(),
      MEMBER_SERVICE_CERT: own.cert,
      MEMBER_SERVICE_KEY: own.key,
    });
    await environment.send(QUERY);
    assert.equal(proxy.clients.at(-1), serialOf(own));
  });

  it('is called with a renewed certificate as soon as both files are replaced', async () => {
    const folder = dirname(client.cert);
    const files = { cert: join(folder, 'renewed-cert.pem'), key: join(folder, 'renewed-key.pem') };
    const replace = async (from: CertificateFiles) => {
      await copyFile(from.cert, files.cert);
      await copyFile(from.key, files.key);
    };
    await replace(client);
    await using environment = await start({
      ...mutual(),
      UPSTREAM_CERT: files.cert,
      UPSTREAM_KEY: files.key,
    });
    await environment.send(QUERY);
    assert.equal(proxy.clients.at(-1), serialOf(client));

    const renewed = await certificates.issue(authority);
    await copyFile(renewed.cert, files.cert);
    // Longer than between two reads of the files: those of two certificates are not used together.
    await sleep(2_500);
    const { body } = await environment.send(QUERY);
    assert.equal(body.errors, undefined);
    assert.equal(proxy.clients.at(-1), serialOf(client));

    await replace(renewed);
    await until(async () => {
      const { body } = await environment.send(QUERY);
      assert.equal(body.errors, undefined);
      return proxy.clients.at(-1) === serialOf(renewed);
    });
  });

  it('is called with the certificate on the connection that replaces a closed one', async () => {
    await using closing = await startProxy();
    // Directly, since a datasource would repeat a failed call.
    const http = createHttpClient({
      ca: readFileSync(authority.cert, 'utf8'),
      cert: readFileSync(client.cert, 'utf8'),
      key: readFileSync(client.key, 'utf8'),
    });
    const call = {
      baseUrl: closing.url,
      operation: 'membersByIds',
      method: 'GET',
      target: target(['members'], { ids: '42' }),
      headers: {},
      timeoutMs: 60_000,
    } as const;
    const send = () => http.send(call, new AbortController().signal);
    assert.equal((await send()).status, 200);
    closing.closeReused();
    assert.equal((await send()).status, 200);
    http.close();
    assert.equal(closing.clients.length, 2);
  });

  it('costs only its own fields without a certificate', async () => {
    await using environment = await start({ UPSTREAM_CA: authority.cert });
    await assertOneError(environment);
  });

  it('is refused if another authority has issued its certificate, or a public one must have', async () => {
    const other = await certificates.authority('Another authority');
    await using environment = await start({ ...mutual(), UPSTREAM_CA: other.cert });
    await assertOneError(environment);
    const { UPSTREAM_CA: _ca, ...own } = mutual();
    await using another = await start(own);
    await assertOneError(another);
  });

  it('is refused if its certificate is for another name', async () => {
    await using other = await startProxy('subjectAltName=DNS:members.example');
    await using environment = await start(mutual(), other.url);
    await assertOneError(environment);
    assert.deepEqual(other.clients, []);
  });
});
