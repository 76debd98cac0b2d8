import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it, mock } from 'node:test';
import { exportJWK, UnsecuredJWT } from 'jose';
import { publicKeySet } from '../../services/support/tokens.ts';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { demoIssuerAt } from '../support/demo-issuer.ts';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';
import { startEndpoint } from './endpoint.ts';
import {
  encoded,
  inSeconds,
  isRefused,
  issuerConfig,
  makeKey,
  startIssuer,
  validClaims,
} from './issuer.ts';

const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };
const UNAVAILABLE = { name: 'BffError', code: 'UPSTREAM_UNAVAILABLE' };

/** A log that records its warnings. */
function createWarningLog() {
  const warnings: string[] = [];
  const ignore = () => {};
  const log = {
    error: ignore,
    info: ignore,
    debug: ignore,
    warn: (...given: unknown[]) => void warnings.push(String(given.at(-1))),
  };
  return { log: log as Log, warnings };
}

describe('The key set of the issuer', () => {
  let now = 1_800_000_000_000;
  before(() => mock.timers.enable({ apis: ['Date'], now }));
  after(() => mock.timers.reset());
  const later = (seconds: number) => {
    now += seconds * 1_000;
    mock.timers.setTime(now);
  };

  it('is loaded once for concurrent requests, and again for a new key', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => issuer.sign({ sub: `${n}` })),
    );
    await Promise.all(tokens.map(async (token) => read(token)));
    assert.equal(issuer.fetches(), 1);

    const second = await makeKey('second');
    issuer.publish(issuer.first, second);
    later(31);
    assert.ok(await read(await issuer.sign({}, { key: second })));
    assert.ok(await read(await issuer.sign()), 'the old key is valid as long as it is published');
    assert.equal(issuer.fetches(), 2);
  });

  it('is loaded at most every 30 s, however many unknown key ids are tried', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    await read(await issuer.sign());
    for (const [seconds, fetches] of [
      [10, 1],
      [19, 1],
      [1, 2],
      [29, 2],
      [1, 3],
    ] as const) {
      later(seconds);
      const tokens = Array.from({ length: 50 }, (_, n) =>
        issuer.sign({}, { header: { kid: `${now}-${n}` } }),
      );
      const tried = (await Promise.all(tokens)).map((token) =>
        assert.rejects(async () => read(token), UNAUTHENTICATED),
      );
      await Promise.all(tried);
      assert.equal(issuer.fetches(), fetches, `${seconds} s later`);
      assert.ok(
        await read(await issuer.sign({ jti: `${now}` })),
        'valid tokens are accepted meanwhile',
      );
    }
  });

  it('stays valid while the issuer is down, and is not loaded more often', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    await read(await issuer.sign());
    issuer.setDown(true);
    const second = await makeKey('second');
    const unknown = await issuer.sign({}, { key: second });
    for (let hour = 1; hour <= 3; hour += 1) {
      later(3_000);
      for (let n = 0; n < 20; n += 1) {
        assert.ok(await read(await issuer.sign({ jti: `${hour}-${n}` })), 'a known key');
        await assert.rejects(async () => read(unknown), UNAVAILABLE);
      }
      assert.equal(issuer.fetches(), 1 + hour);
    }
    issuer.setDown(false);
    issuer.publish(issuer.first, second);
    later(30);
    assert.ok(await read(await issuer.sign({ exp: inSeconds(3_600) }, { key: second })));
  });

  it('is loaded again 30 s after a failure, also for a known token', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    const token = await issuer.sign({ exp: inSeconds(3_600) });
    await read(token);
    issuer.setDown(true);
    later(600);
    await read(token);
    await until(() => issuer.fetches() === 2);
    issuer.setDown(false);
    issuer.publish(await makeKey('second'));
    later(30);
    await until(() => isRefused(async () => read(token)));
    assert.equal(issuer.fetches(), 3);
  });

  it('is awaited if no keys are known, and loaded at most once a second', async () => {
    await using issuer = await startIssuer();
    issuer.setDown(true);
    const read = createJwtVerifier([issuer.config]);
    const token = await issuer.sign();
    for (let n = 0; n < 20; n += 1) await assert.rejects(async () => read(token), UNAVAILABLE);
    assert.equal(issuer.fetches(), 1);
    issuer.setDown(false);
    later(1);
    assert.ok(await read(token));
    assert.equal(issuer.fetches(), 2);
  });

  it('is loaded by one request at a time, however long that takes', async () => {
    let held: ServerResponse | undefined;
    await using issuer = await startEndpoint((response) => {
      held = response;
    });
    const read = createJwtVerifier([issuerConfig({ JWKS_URL: issuer.url.href })]);
    const token = new UnsecuredJWT(validClaims()).encode().replace(/\.$/, '.x');
    const withKeyId = token.replace(/^[^.]+/, encoded({ alg: 'ES256', kid: 'a' }));
    const first = read(withKeyId);
    await until(() => held !== undefined);
    later(1);
    const second = read(withKeyId);
    held?.writeHead(500).end();
    await assert.rejects(async () => first, UNAVAILABLE);
    await assert.rejects(async () => second, UNAVAILABLE);
    assert.equal(issuer.requests.length, 1);
  });

  it('is refreshed every ten minutes, so that a withdrawn key is no longer trusted', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    const token = await issuer.sign();
    await read(token);
    issuer.publish(await makeKey('second'));
    later(599);
    assert.ok(await read(await issuer.sign({ jti: 'a' })));
    assert.equal(issuer.fetches(), 1);
    later(1);
    // The request that triggers the refresh does not wait for it; later ones are refused.
    await read(await issuer.sign({ jti: 'b' }));
    await assert.rejects(async () => {
      for (let n = 0; n < 10_000; n += 1) await read(await issuer.sign({ jti: `c${n}` }));
    }, UNAUTHENTICATED);
    assert.equal(issuer.fetches(), 2);
    await assert.rejects(async () => read(token), UNAUTHENTICATED, 'also from the cache');
  });

  for (const [what, members] of Object.entries({
    'is for encryption': { use: 'enc' },
    'is for another algorithm': { alg: 'ES384' },
    'is not for verifying': { key_ops: ['deriveKey'] },
  })) {
    it(`has no usable key when the only key ${what}: a warning, and the next one is known in a second`, async () => {
      await using issuer = await startIssuer();
      issuer.publishRaw({ ...issuer.first.jwk, ...members });
      const { log, warnings } = createWarningLog();
      const read = createJwtVerifier([issuer.config], { log });
      await assert.rejects(async () => read(await issuer.sign()), UNAUTHENTICATED);
      assert.equal(warnings.length, 1);
      issuer.publish(issuer.first);
      later(1);
      assert.ok(await read(await issuer.sign()));
    });
  }

  const P384 = { kty: 'EC', crv: 'P-384', x: 'A'.repeat(64), y: 'A'.repeat(64) };
  /** Entries of a key set that cannot verify any token (RFC 7517 §5). */
  const UNUSABLE: Readonly<Record<string, unknown>> = {
    'a null entry': null,
    'a string entry': 'key',
    'a key without a type': { kid: 'first' },
    'a key of an unknown type': { kty: 'XYZ', kid: 'first' },
    'a symmetric key': { kty: 'oct', kid: 'first', k: 'c2VjcmV0' },
    'a key without its second coordinate': { kty: 'EC', crv: 'P-256', kid: 'first', x: 'AAAA' },
    'a key whose coordinates are numbers': { kty: 'EC', crv: 'P-256', kid: 'first', x: 1, y: 2 },
    'a point that is not on the curve': {
      kty: 'EC',
      crv: 'P-256',
      kid: 'first',
      x: 'A'.repeat(43),
      y: 'A'.repeat(43),
    },
    'a key of another curve': { ...P384, kid: 'first' },
    'a key of an unknown curve': { ...P384, kid: 'first', crv: 'P-999' },
  };

  for (const [what, entry] of Object.entries(UNUSABLE)) {
    it(`ignores ${what} beside a usable key, whose tokens are still accepted`, async () => {
      await using issuer = await startIssuer();
      issuer.publishRaw(entry, issuer.first.jwk);
      const read = createJwtVerifier([issuer.config]);
      assert.ok(await read(await issuer.sign()));
    });

    it(`withdraws a key whose issuer publishes ${what} in its place`, async () => {
      await using issuer = await startIssuer();
      const read = createJwtVerifier([issuer.config]);
      const token = await issuer.sign({ exp: inSeconds(7_200) });
      await read(token);
      const second = await makeKey('second');
      issuer.publishRaw(entry, second.jwk);
      later(600);
      assert.ok(await read(await issuer.sign({}, { key: second })));
      await assert.rejects(async () => read(token), UNAUTHENTICATED, 'cached');
      await assert.rejects(async () => read(await issuer.sign({ jti: 'new' })), UNAUTHENTICATED);
    });
  }

  it('excludes private keys', async () => {
    await using issuer = await startIssuer();
    issuer.publishRaw(await exportJWK(issuer.first.privateKey));
    const read = createJwtVerifier([issuer.config]);
    await assert.rejects(async () => read(await issuer.sign()), UNAUTHENTICATED);
  });

  for (const [what, keys] of Object.entries({
    'is empty': [],
    'has no usable key': Object.values(UNUSABLE),
  })) {
    it(`withdraws all keys when it ${what}, until the issuer publishes one again`, async () => {
      await using issuer = await startIssuer();
      const read = createJwtVerifier([issuer.config]);
      const token = await issuer.sign({ exp: inSeconds(7_200) });
      await read(token);
      issuer.publishRaw(...keys);
      later(600);
      // An unknown key id loads the key set and waits for it.
      const unknown = await issuer.sign({}, { key: await makeKey('unknown') });
      await assert.rejects(async () => read(unknown), UNAUTHENTICATED);
      await assert.rejects(async () => read(token), UNAUTHENTICATED, 'cached');
      await assert.rejects(async () => read(await issuer.sign({ jti: 'a' })), UNAUTHENTICATED);

      issuer.setDown(true);
      later(600);
      await assert.rejects(async () => read(await issuer.sign({ jti: 'b' })), UNAVAILABLE);
      issuer.setDown(false);
      issuer.publish(issuer.first);
      later(1);
      assert.ok(await read(token), 'within a second of the next publication');
    });
  }

  it('logs one warning while it has no usable key', async () => {
    await using issuer = await startIssuer();
    const { log, warnings } = createWarningLog();
    issuer.publishRaw();
    const read = createJwtVerifier([issuer.config], { log });
    for (let n = 0; n < 3; n += 1) {
      await assert.rejects(async () => read(await issuer.sign()), UNAUTHENTICATED);
      later(1);
    }
    assert.equal(issuer.fetches(), 3);
    assert.deepEqual(warnings, [
      'JWKS_URL: the key set has no usable key, every signed token is refused',
    ]);
  });

  it('is not read from an invalid response or after a redirect', async () => {
    const evil = await makeKey('evil');
    await using elsewhere = await startEndpoint((response) => {
      response.end(JSON.stringify({ keys: [evil.jwk] }));
    });
    await using issuer = await startEndpoint((response) => response.end());
    const signer = await startIssuer();
    const token = await signer.sign({}, { key: evil });
    await signer[Symbol.asyncDispose]();
    const read = createJwtVerifier([issuerConfig({ JWKS_URL: issuer.url.href })]);
    const bodies = ['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":null}', '<html>'];
    for (const body of bodies) {
      issuer.respondWith((response) => response.end(body));
      later(1);
      await assert.rejects(async () => read(token), UNAVAILABLE, body);
    }
    issuer.respondWith((response) =>
      response.writeHead(302, { location: elsewhere.url.href }).end(),
    );
    later(1);
    await assert.rejects(async () => read(token), UNAVAILABLE, 'a redirect');
    assert.equal(issuer.requests.length, bodies.length + 1);
    assert.deepEqual(elsewhere.requests, []);
  });
});

const BLANKS = ' '.repeat(64 * 1024);

describe('The response with the key set of the issuer', () => {
  it('is abandoned if it never ends, and requests with a token get a 503', async () => {
    let sentBytes = 0;
    let isClosed = false;
    const write = (response: ServerResponse) => {
      while (!isClosed && response.write(BLANKS)) sentBytes += BLANKS.length;
      if (!isClosed) response.once('drain', () => write(response));
    };
    await using issuer = await startEndpoint((response) => {
      response.once('close', () => {
        isClosed = true;
      });
      response.write('{"keys":[');
      write(response);
    });
    await using environment = await startLibrary(demoIssuerAt(issuer.url.href));

    const { status, body } = await environment.send('{ viewer { id } }', { as: CAST.reader });

    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    await until(() => isClosed);
    assert.ok(sentBytes < 16 * 1024 * 1024, `${sentBytes} bytes were read`);
  });

  it('is accepted if it arrives byte by byte', async () => {
    const keys = JSON.stringify(publicKeySet());
    await using issuer = await startEndpoint((response) => {
      response.setHeader('content-type', 'application/json');
      for (const character of keys) response.write(character);
      response.end();
    });
    await using environment = await startLibrary(demoIssuerAt(issuer.url.href));
    const { body } = await environment.send('{ viewer { id } }', { as: CAST.reader });
    assert.deepEqual(body, { data: { viewer: { id: CAST.reader } } });
  });
});
