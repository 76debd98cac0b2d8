import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { partner } from '../../bff-partner/bff.ts';
import { toThumbprint } from '../../src/http/peer-certificate.ts';
import { freePort } from '../../tools/free-port.ts';
import { ROOT } from '../../tools/tree.ts';
import { issueBoundToken } from '../auth/bound-token.ts';
import { type CertificateFiles, createCertificates } from '../support/certificates.ts';
import { startEnvironment } from '../support/environment.ts';
import { skipWithout } from '../support/program.ts';
import { startCommand } from './start-command.ts';

const BODY = JSON.stringify({ query: '{ me { id } }' });

/** The frontend of docs/identity.md, in front of a port. */
async function configFor(port: number, bffPort: string, server: string, clients: string) {
  const page = await readFile(new URL('docs/identity.md', ROOT), 'utf8');
  const [, frontend] = /```haproxy\n(.*?)```/s.exec(page) ?? [];
  assert.ok(frontend);
  const edited = frontend
    .replace('bind :443', `bind 127.0.0.1:${port}`)
    .replace('/etc/haproxy/server.pem', server)
    .replace('/etc/haproxy/clients.pem', clients);
  return `defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s

${edited}    default_backend partner

backend partner
    server partner1 127.0.0.1:${bffPort}
`;
}

describe('HAProxy with the frontend of docs/identity.md', { skip: skipWithout('haproxy') }, () => {
  it('sends the certificate of its client on, and no Client-Cert header of a client', async () => {
    await using started = new AsyncDisposableStack();
    const certificates = started.use(await createCertificates());
    const environment = started.use(
      await startEnvironment(partner, { TRUSTED_PROXIES: '127.0.0.1' }),
    );
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-'));
    started.defer(() => rm(folder, { recursive: true }));
    const read = (path: string) => readFile(path, 'utf8');
    const authority = await certificates.authority();
    const server = await certificates.issue(authority);
    await writeFile(
      join(folder, 'server.pem'),
      (await read(server.cert)) + (await read(server.key)),
    );
    const port = await freePort();
    const { port: bffPort } = new URL(environment.url);
    const file = join(folder, 'haproxy.cfg');
    await writeFile(
      file,
      await configFor(port, bffPort, join(folder, 'server.pem'), authority.cert),
    );
    const ca = await read(authority.cert);
    started.use(
      await startCommand(['haproxy', '-db', '-f', file], {
        cwd: folder,
        url: `https://127.0.0.1:${port}`,
        env: { PATH: process.env.PATH ?? '' },
        isReady: () => accepts(port, ca),
      }),
    );

    const [own, other, selfSigned] = await Promise.all(
      [
        certificates.issue(authority),
        certificates.issue(authority),
        certificates.authority('Client'),
      ].map(async (files) => readPair(await files)),
    );
    assert.ok(own && other && selfSigned);
    const derOf = ({ cert }: CertificateFiles) => new X509Certificate(cert).raw;

    async function send(bound: CertificateFiles, certificate?: CertificateFiles, headers = {}) {
      const token = await issueBoundToken({ 'x5t#S256': toThumbprint(derOf(bound)) });
      const outgoing = request(`https://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        agent: false,
        ca,
        ...certificate,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          ...headers,
        },
      }).end(BODY);
      const [response]: IncomingMessage[] = await once(outgoing, 'response');
      assert.ok(response);
      await text(response);
      return response.statusCode;
    }

    assert.equal(await send(own, own), 200);
    assert.equal(await send(selfSigned, selfSigned), 200, 'of an authority that it does not know');
    assert.equal(await send(own, other), 401);
    assert.equal(await send(own), 401);
    const forged = { 'client-cert': `:${derOf(own).toString('base64')}:` };
    assert.equal(await send(own, undefined, forged), 401);
    assert.equal(await send(own, other, forged), 401);
  });
});

async function readPair({ cert, key }: CertificateFiles): Promise<CertificateFiles> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

async function accepts(port: number, ca: string): Promise<boolean> {
  const socket = connectTls({ host: '127.0.0.1', port, ca });
  try {
    await once(socket, 'secureConnect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
