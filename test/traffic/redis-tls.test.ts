import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type CertificateFiles, createCertificates } from '../support/certificates.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('A Redis with TLS that requires a client certificate', { skip: skipWithoutRedis }, () => {
  let certificates: Awaited<ReturnType<typeof createCertificates>>;
  let authority: CertificateFiles;
  let client: CertificateFiles;
  before(async () => {
    certificates = await createCertificates();
    authority = await certificates.authority();
    client = await certificates.issue(authority);
  });
  after(() => certificates?.[Symbol.asyncDispose]());

  /** Starts a Redis whose certificate has these names, and two BFFs that share it. */
  async function start(env: NodeJS.ProcessEnv = {}, names?: string) {
    await using started = new AsyncDisposableStack();
    const certificate = await certificates.issue(authority, { names });
    const redis = started.use(
      await startRedis({ tls: { certificate, ca: authority.cert, client } }),
    );
    const variables = {
      REDIS_URL: redis.url.href,
      REDIS_CA: authority.cert,
      REDIS_CERT: client.cert,
      REDIS_KEY: client.key,
      RATE_LIMIT_ADDRESS: '1000',
      ...env,
    };
    const one = started.use(await startLibrary(variables));
    const other = started.use(await startLibrary(variables));
    const rest = started.move();
    return { one, other, [Symbol.asyncDispose]: () => rest.disposeAsync() };
  }

  type Replica = Awaited<ReturnType<typeof startLibrary>>;

  /** The units that are left after a request. */
  async function unitsLeft({ send }: Replica): Promise<number> {
    const { headers, status } = await send('{ __typename }');
    assert.equal(status, 200);
    return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  }

  /** Counts the requests of `one` that `other` does not know about. */
  async function isCountedTogether({ one, other }: { one: Replica; other: Replica }) {
    const before = await unitsLeft(other);
    for (let n = 0; n < 10; n++) await unitsLeft(one);
    // A response may have the count before the last one that Redis returned.
    await unitsLeft(other);
    return before - (await unitsLeft(other)) > 10;
  }

  it('counts the rate limits of replicas', async () => {
    await using replicas = await start();
    await until(() => isCountedTogether(replicas));
  });

  it('is not used if another authority has issued its certificate', async () => {
    const { cert } = await certificates.authority('Another authority');
    await using replicas = await start({ REDIS_CA: cert });
    assert.equal(await isCountedTogether(replicas), false);
  });

  it('is not used if its certificate is for another name', async () => {
    await using replicas = await start({}, 'subjectAltName=DNS:redis.example');
    assert.equal(await isCountedTogether(replicas), false);
  });

  it('is not used without a client certificate', async () => {
    await using replicas = await start({ REDIS_CERT: '', REDIS_KEY: '' });
    assert.equal(await isCountedTogether(replicas), false);
  });
});
