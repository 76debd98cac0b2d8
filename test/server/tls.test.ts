import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type PeerCertificate } from 'node:tls';
import { readCertificateWithKey } from '../../src/config/index.ts';
import { reloadCertificate, type SecureServer } from '../../src/server/certificate-reload.ts';
import { readConfig } from '../../src/server/read-config.ts';
import { faultsOf } from '../config/faults.ts';
import { startBffProcess } from '../support/bff-process.ts';
import {
  type CertificateFiles,
  createCertificates,
  createListenerTls,
} from '../support/certificates.ts';
import { library } from '../support/fixture/bff.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { connectHttp2, graphqlPath, type Http2Client } from '../support/http2-client.ts';
import { FRAME, get, openFrames } from '../support/http2-frames.ts';
import { until } from '../support/until.ts';

const startFaults = (env: NodeJS.ProcessEnv) => faultsOf(() => readConfig(env, library));

describe('A start with certificates that can not be used', () => {
  let certificates: Awaited<ReturnType<typeof createCertificates>>;
  let authority: CertificateFiles;
  let issued: CertificateFiles;
  before(async () => {
    certificates = await createCertificates();
    authority = await certificates.authority();
    issued = await certificates.issue(authority);
  });
  after(() => certificates?.[Symbol.asyncDispose]());

  it('names the variables of all missing files, with other faults', () => {
    const env = { LIBRARY_PORT: 'abc', TLS_CERT: '/no/cert', TLS_KEY: '/no/key' };
    const faults = startFaults({ ...env, UPSTREAM_CA: '/no/ca', REDIS_CERT: '/no/redis' });
    assert.deepEqual(faults.sort(), [
      'LIBRARY_PORT: must be a port number, 0 to 65535',
      'REDIS_KEY: must be set with REDIS_CERT',
      'TLS_CERT: there is no readable file at "/no/cert"',
      'TLS_KEY: there is no readable file at "/no/key"',
      'UPSTREAM_CA: there is no readable file at "/no/ca"',
    ]);
  });

  it('names the variable that is missing of a pair', () => {
    assert.deepEqual(startFaults({ TLS_CERT: issued.cert }), [
      'TLS_KEY: must be set with TLS_CERT',
    ]);
    assert.deepEqual(startFaults({ UPSTREAM_KEY: issued.key }), [
      'UPSTREAM_CERT: must be set with UPSTREAM_KEY',
    ]);
  });

  it('names the variables of files that are not PEM, or of the wrong kind', async () => {
    const { key } = issued;
    const text = join(certificates.folder, 'text');
    await writeFile(text, 'no certificate');
    assert.deepEqual(startFaults({ TLS_CERT: key, TLS_KEY: issued.cert }), [
      `TLS_CERT: "${key}" must contain certificates in PEM format`,
      `TLS_KEY: "${issued.cert}" must contain a private key in PEM format, without a passphrase`,
    ]);
    assert.deepEqual(startFaults({ UPSTREAM_CA: text }), [
      `UPSTREAM_CA: "${text}" must contain certificates in PEM format`,
    ]);
  });

  it('names the key that belongs to another certificate, and a key that is too short', async () => {
    const other = await certificates.issue(authority);
    for (const prefix of ['TLS', 'UPSTREAM', 'REDIS']) {
      const env = { [`${prefix}_CERT`]: issued.cert, [`${prefix}_KEY`]: other.key };
      assert.deepEqual(startFaults(env), [
        `${prefix}_KEY: "${other.key}" is not the key of the certificate in ${prefix}_CERT`,
      ]);
    }
    const weak = await certificates.weak();
    const [fault = '', ...more] = startFaults({ TLS_CERT: weak.cert, TLS_KEY: weak.key });
    assert.match(fault, /^TLS_CERT: ".*" can't be used for TLS \(ERR_SSL_EE_KEY_TOO_SMALL\)$/);
    assert.deepEqual(more, []);
  });

  it('refuses the certificates of Redis with an address that is not encrypted', () => {
    assert.deepEqual(startFaults({ REDIS_CA: authority.cert, REDIS_URL: 'redis://127.0.0.1' }), [
      'REDIS_CA: needs a rediss address in REDIS_URL',
    ]);
  });
});

/** The serial number of the certificate that new connections get. */
async function servedSerial(url: string, ca: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca });
  await once(socket, 'secureConnect');
  const { serialNumber }: PeerCertificate = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** Puts certificate files where links through a folder lead, as in Kubernetes. */
async function createMount(folder: string) {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  let version = 0;

  async function mount(files: CertificateFiles): Promise<void> {
    const target = `..version-${version++}`;
    await mkdir(join(folder, target));
    await copyFile(files.cert, join(folder, target, 'tls.crt'));
    await copyFile(files.key, join(folder, target, 'tls.key'));
    await symlink(target, join(folder, '..data_new'));
    await rename(join(folder, '..data_new'), join(folder, '..data'));
  }

  await symlink('..data/tls.crt', cert);
  await symlink('..data/tls.key', key);
  return { cert, key, mount };
}

/** A log that remembers its messages. */
function createLog() {
  const messages: string[] = [];
  const faults: string[] = [];
  const record = (fields: { readonly faults?: readonly string[] }, message: string) => {
    messages.push(message);
    faults.push(...(fields.faults ?? []));
  };
  return { messages, faults, log: { info: record, error: record } as never };
}

describe('A renewed certificate', () => {
  /** Starts a BFF whose certificate files are links through a folder, as in Kubernetes. */
  async function startMounted() {
    await using started = new AsyncDisposableStack();
    const certificates = started.use(await createCertificates());
    const { folder } = certificates;
    const authority = await certificates.authority();
    const ca = await readFile(authority.cert, 'utf8');
    const { cert, key, mount } = await createMount(folder);
    await mount(await certificates.issue(authority));
    const environment = started.use(await startLibrary({ TLS_CERT: cert, TLS_KEY: key }));
    const rest = started.move();
    return {
      environment,
      ca,
      cert,
      key,
      mount,
      issue: (validity?: { readonly days: number }) => certificates.issue(authority, validity),
      serial: () => servedSerial(environment.url, ca),
      /** Reloads at a shorter interval than the server itself. */
      watch(log: never) {
        const server = environment.app.server as unknown as SecureServer;
        const inUse = { certPath: cert, keyPath: key, ...readCertificateWithKey(cert, key) };
        const { stop } = reloadCertificate(server, inUse, log, { pollMs: 5 });
        return { [Symbol.dispose]: stop };
      },
      [Symbol.asyncDispose]: () => rest.disposeAsync(),
    };
  }

  it('is taken without a restart, while open connections go on', async () => {
    await using mounted = await startMounted();
    using client = await connectHttp2(mounted.environment.url, mounted.ca);
    const first = await mounted.serial();
    let isRenewed = false;
    let responses = 0;
    const load = (async () => {
      while (!isRenewed) {
        assert.equal((await client.post({ query: '{ __typename }' })).status, 200);
        responses++;
        await sleep(5);
      }
    })();
    await mounted.mount(await mounted.issue());
    await until(async () => (await mounted.serial()) !== first);
    isRenewed = true;
    await load;
    assert.ok(responses > 0);
    assert.equal((await client.get('/healthz')).status, 200);
    // The cipher suites stay: Node forgets them with the old certificate.
    const ciphers = 'ECDHE-ECDSA-AES256-SHA';
    await assert.rejects(
      connectHttp2(mounted.environment.url, mounted.ca, { maxVersion: 'TLSv1.2', ciphers }),
      /handshake failure/,
    );
  });

  it('is sent to clients that have a session ticket of the old one', async () => {
    await using mounted = await startMounted();
    using _watch = mounted.watch(createLog().log);
    const { port } = new URL(mounted.environment.url);
    let session: Buffer | undefined;

    /** Connects with the last ticket. */
    async function connectAgain() {
      const { ca } = mounted;
      const socket = connect({
        host: '127.0.0.1',
        port: Number(port),
        ca,
        ...(session && { session }),
      });
      const received = once(socket, 'session');
      await once(socket, 'secureConnect');
      const isReused = socket.isSessionReused();
      if (!isReused) [session] = await received;
      socket.destroy();
      return isReused;
    }

    assert.equal(await connectAgain(), false);
    assert.equal(await connectAgain(), true);
    const first = await mounted.serial();
    await mounted.mount(await mounted.issue());
    await until(async () => (await mounted.serial()) !== first);
    assert.equal(await connectAgain(), false);
  });

  it('is taken when its files are replaced in any way', async () => {
    await using mounted = await startMounted();
    const { log, messages } = createLog();
    using _watch = mounted.watch(log);
    const serials = [await mounted.serial()];
    const isNew = async () => !serials.includes(await mounted.serial());
    const replace: Readonly<Record<string, (files: CertificateFiles) => Promise<void>>> = {
      'by a symbolic link': mounted.mount,
      async 'by renaming'({ cert, key }) {
        await rename(cert, mounted.cert);
        await rename(key, mounted.key);
      },
      async 'in place, the key first'({ cert, key }) {
        await copyFile(key, mounted.key);
        await copyFile(cert, mounted.cert);
      },
    };
    for (const [, by] of Object.entries(replace)) {
      await by(await mounted.issue());
      await until(isNew);
      serials.push(await mounted.serial());
    }
    assert.equal(new Set(serials).size, 4);
    assert.ok(messages.filter((message) => message === 'certificate reloaded').length >= 3);
  });

  it('is not taken until both files are valid and belong together', async () => {
    await using mounted = await startMounted();
    const { log, messages } = createLog();
    using _watch = mounted.watch(log);
    const first = await mounted.serial();
    const renewed = await mounted.issue();
    const text = await readFile(renewed.cert, 'utf8');
    const steps = ['', text, text.slice(0, text.length / 2)];
    for (const [n, step] of steps.entries()) {
      await writeFile(mounted.cert, step);
      await until(() => messages.length === n + 1);
      assert.equal(messages.at(-1), 'certificate not reloaded');
      assert.equal(await mounted.serial(), first);
    }
    await copyFile(renewed.cert, mounted.cert);
    await copyFile(renewed.key, mounted.key);
    await until(async () => (await mounted.serial()) !== first);
    assert.equal(messages.at(-1), 'certificate reloaded');
  });

  it('is the one whose end of validity is a metric', async () => {
    await using mounted = await startMounted();
    const assertExpiry = async (path: string) => {
      const { validToDate } = new X509Certificate(await readFile(path));
      const expected = `frontdesk_certificate_expiry_timestamp_seconds ${validToDate.getTime() / 1_000}`;
      const metrics = await (await fetch(`${mounted.environment.adminUrl}/metrics`)).text();
      assert.deepEqual(metrics.match(/^frontdesk_certificate_expiry.+/gm), [expected]);
    };
    await assertExpiry(mounted.cert);
    const first = await mounted.serial();
    const renewed = await mounted.issue({ days: 3 });
    await mounted.mount(renewed);
    await until(async () => (await mounted.serial()) !== first);
    await assertExpiry(renewed.cert);
  });
});

describe('A certificate outside of its validity', () => {
  const DAY_MS = 24 * 60 * 60 * 1_000;

  /** Starts a server whose clock can be moved, with a certificate that is valid for two days. */
  async function startWithClock(offsetMs = 0) {
    await using started = new AsyncDisposableStack();
    const certificates = started.use(await createCertificates());
    const authority = await certificates.authority();
    const { cert, key, mount } = await createMount(certificates.folder);
    await mount(await certificates.issue(authority));
    const inUse = { certPath: cert, keyPath: key, ...readCertificateWithKey(cert, key) };
    const server = createHttpsServer(inUse).listen(0, '127.0.0.1');
    started.defer(() => void server.close());
    await once(server, 'listening');
    const recorded = createLog();
    const clock = { offsetMs, reads: 0 };
    const now = () => {
      clock.reads++;
      return Date.now() + clock.offsetMs;
    };
    const { stop } = reloadCertificate(server, inUse, recorded.log, { pollMs: 5, now });
    started.defer(stop);
    const ca = await readFile(authority.cert, 'utf8');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const rest = started.move();
    return {
      ...recorded,
      clock,
      mountRenewed: async () => mount(await certificates.issue(authority)),
      serial: () => servedSerial(url, ca),
      [Symbol.asyncDispose]: () => rest.disposeAsync(),
    };
  }

  for (const [when, days] of [
    ['is not valid yet', -1],
    ['has expired', 3],
  ] as const) {
    it(`is not taken if it ${when}, with one error, until it is valid`, async () => {
      await using server = await startWithClock();
      const first = await server.serial();
      server.clock.offsetMs = days * DAY_MS;
      await server.mountRenewed();
      const refusals = () =>
        server.faults.filter((fault) => /^TLS_CERT.+is valid from/.test(fault));
      await until(() => refusals().length > 0);
      const { reads } = server.clock;
      await until(() => server.clock.reads > reads + 2);
      assert.equal(await server.serial(), first);
      server.clock.offsetMs = 0;
      await until(async () => (await server.serial()) !== first);
      assert.equal(server.messages.at(-1), 'certificate reloaded');
      assert.equal(refusals().length, 1);
    });
  }

  it('is used and logged if the process starts with it', async () => {
    await using server = await startWithClock(3 * DAY_MS);
    assert.deepEqual(server.messages, ['certificate not valid at this time']);
    assert.match(server.faults.join(), /^TLS_CERT: ".+" is valid from \S+Z to \S+Z only$/);
    await server.serial();
  });
});

describe('A BFF process with TLS on SIGTERM', () => {
  const CLIENTS = 4;
  const MAX_OPEN = 20;
  /** Of a client between two requests. */
  const PAUSE_MS = 20;

  for (const workers of [1, 2]) {
    it(`loses no request of HTTP/2 clients under load with ${workers} worker(s), and exits with 0`, async () => {
      await using tls = await createListenerTls();
      await using bff = await startBffProcess(library, {
        env: { ...tls.env, DRAIN_DELAY_MS: '500', WORKERS: String(workers) },
      });
      let answered = 0;
      const query = { query: '{ member(id: "42") { name } }' };

      /** Sends a request, and again as long as it is not executed, as HTTP/2 clients do (RFC 9113 §8.7). */
      async function sendSafely(client: Http2Client): Promise<void> {
        try {
          const { status } = await client.post(query);
          assert.equal(status, 200);
          answered++;
        } catch (error) {
          assert.match((error as Error).message, /REFUSED_STREAM/);
          using another = await connectHttp2(bff.url, tls.ca);
          await sendSafely(another);
        }
      }

      async function sendUntilGoaway(): Promise<void> {
        using client = await connectHttp2(bff.url, tls.ca);
        const open = new Set<Promise<void>>();
        while (!client.session.closed && !client.session.destroyed) {
          const sent = sendSafely(client).finally(() => open.delete(sent));
          open.add(sent);
          if (open.size > MAX_OPEN) await Promise.race(open);
          else await sleep(PAUSE_MS);
        }
        await Promise.all(open);
      }

      const clients = Array.from({ length: CLIENTS }, sendUntilGoaway);
      await until(() => answered > 50);
      bff.kill('SIGTERM');
      await Promise.all(clients);
      assert.deepEqual(await bff.ended(), [0, null]);
    });
  }

  it('completes requests in flight, executes none that cross the end of their session, and exits with 0 though a client does not close its connection', async () => {
    await using tls = await createListenerTls();
    await using bff = await startBffProcess(library, { env: tls.env });
    const { member, lending } = bff.services;
    member.control.faults({ membersByIds: { delayMs: 500 } });
    using busy = await connectHttp2(bff.url, tls.ca);
    const inFlight = busy.post({ query: '{ member(id: "42") { name } }' });
    const crossing = await openFrames(bff.url, {
      onFrame({ type }) {
        if (type === FRAME.GOAWAY) crossing.write(get(3, graphqlPath('{ notices { id } }')));
        return undefined;
      },
    });
    using _crossing = crossing;
    using open = await openFrames(bff.url, { allowHalfOpen: true });
    for (const client of [crossing, open]) {
      client.write(get(1, '/healthz'));
      await until(() => client.answered().length === 1);
    }
    await until(() => member.control.requests().routes.membersByIds === 1);
    bff.kill('SIGTERM');
    const { status, text } = await inFlight;
    assert.equal(status, 200);
    assert.match(text, /Ada Castro/);
    assert.deepEqual(await bff.ended(), [0, null]);
    const [goaway] = crossing.received(FRAME.GOAWAY);
    assert.equal(goaway?.payload.readUInt32BE(0), 1);
    assert.equal(lending.control.requests().routes.notices ?? 0, 0);
  });

  it('is not ready at once, and ends a new session after its first response', async () => {
    await using tls = await createListenerTls();
    await using bff = await startBffProcess(library, {
      env: { ...tls.env, DRAIN_DELAY_MS: '60000' },
    });
    using idle = await connectHttp2(bff.url, tls.ca);
    assert.equal((await idle.get('/readyz')).status, 200);
    bff.kill('SIGTERM');
    await once(idle.session, 'close');
    using late = await connectHttp2(bff.url, tls.ca);
    const closed = once(late.session, 'close');
    assert.equal((await late.get('/readyz')).status, 503);
    await closed;
    const outgoing = requestHttps(`${bff.url}/readyz`, { ca: tls.ca }).end();
    const [response] = await once(outgoing, 'response');
    response.resume();
    assert.equal(response.headers.connection, 'close');
  });
});
