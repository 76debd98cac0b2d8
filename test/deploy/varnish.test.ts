import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { ROOT } from '../../tools/tree.ts';
import { authorization, startEnvironment } from '../support/environment.ts';
import { freePort } from '../support/free-port.ts';
import { skipWithout } from '../support/program.ts';
import { until } from '../support/until.ts';

/** Starts Varnish with deploy/varnish/default.vcl in front of a BFF. `await using` ends it. */
async function startVarnish(backend: string) {
  const folder = await mkdtemp(join(tmpdir(), 'varnish-'));
  const port = await freePort();
  const { hostname, port: backendPort } = new URL(backend);
  const vcl = (await readFile(new URL('deploy/varnish/default.vcl', ROOT), 'utf8'))
    .replace('.host = "web"', `.host = "${hostname}"`)
    .replace('.port = "4000"', `.port = "${backendPort}"`);
  const file = join(folder, 'default.vcl');
  await writeFile(file, vcl);
  const listener = ['-a', `127.0.0.1:${port}`, '-n', folder];
  // Without a jail: the tests' user may be any.
  const args = ['-F', '-j', 'none', ...listener, '-f', file, '-s', 'malloc,16m'];
  const child = spawn('varnishd', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  const end = async () => {
    // varnishd ends its child process.
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`varnishd ended: ${output}`);
      return fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: end };
}

const pathOf = (query: string) => `/graphql?query=${encodeURIComponent(query)}`;
const PRIVATE_QUERY = pathOf('{ viewer { user { name } } }');

describe('Varnish in front of a BFF', { skip: skipWithout('varnishd', 'varnish') }, () => {
  const started = new AsyncDisposableStack();
  let url: string;
  /** A public query that no other test sends, so that nothing of it is stored. */
  let query: string;
  let lastQuery = 0;
  before(async () => {
    const environment = started.use(
      await startEnvironment(web, { CACHE_MEMORY_MB: '16', TRUSTED_PROXIES: '127.0.0.1' }),
    );
    ({ url } = started.use(await startVarnish(environment.url)));
  });
  beforeEach(() => {
    query = pathOf(`{ query${lastQuery++}: announcements { title } }`);
  });
  after(() => started.disposeAsync());

  /** @returns the last part of Cache-Status, which Varnish adds, and the data */
  async function get(path: string, headers: Record<string, string> = {}) {
    const response = await fetch(new URL(path, url), { headers });
    const status = response.headers.get('cache-status') ?? '';
    const { data } = (await response.json()) as { data: unknown };
    return { status, isHit: status.endsWith('varnish; hit'), data };
  }

  it('answers public responses from its cache', async () => {
    const first = await get(query);
    const second = await get(query);
    assert.match(first.status, /^frontdesk; fwd=uri-miss; stored, varnish; fwd=miss$/);
    assert.equal(second.isHit, true);
    assert.deepEqual(second.data, first.data);
  });

  for (const [name, value] of [
    ['authorization', 'Bearer '],
    ['cookie', 'session=1'],
    ['x-api-key', 'key'],
    ['cache-control', 'no-cache'],
  ] as const) {
    it(`never uses its cache for a request with ${name}`, async () => {
      const headers = name === 'authorization' ? await authorization('42') : { [name]: value };
      for (let round = 0; round < 2; round++) {
        assert.equal((await get(query, headers)).isHit, false);
      }
      // Nor did it store what they got.
      assert.equal((await get(query)).isHit, false);
      assert.equal((await get(query)).isHit, true);
      assert.equal((await get(query, headers)).isHit, false);
    });
  }

  it('stores no response that is not public', async () => {
    const [as42, as43] = [await authorization('42'), await authorization('43')];
    const first = await get(PRIVATE_QUERY, as42);
    const second = await get(PRIVATE_QUERY, as43);
    assert.notDeepEqual(first.data, second.data);
    for (let round = 0; round < 2; round++) {
      const anonymous = await get(PRIVATE_QUERY);
      assert.equal(anonymous.isHit, false);
      assert.notDeepEqual(anonymous.data, first.data);
    }
  });

  it('keeps responses in different languages apart', async () => {
    await get(query, { 'accept-language': 'de' });
    assert.equal((await get(query, { 'accept-language': 'en' })).isHit, false);
    assert.equal((await get(query, { 'accept-language': 'de' })).isHit, true);
  });
});
