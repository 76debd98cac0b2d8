import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig, urlVariable } from '../../src/config/index.ts';
import { parseRedisAddress } from '../../src/config/redis-address.ts';
import { withSecretFiles } from '../../src/config/secret-files.ts';
import { library } from '../support/fixture/bff.ts';
import { faultsOf } from './faults.ts';
import { LIBRARY_PRODUCTION } from './library-production.ts';

const load = (env: NodeJS.ProcessEnv) => loadConfig(env, library);
const configFaults = (env: NodeJS.ProcessEnv) => faultsOf(() => load(env));
const variablesOf = (faults: readonly string[]) =>
  faults.map((fault) => fault.split(':')[0]).sort();

describe('The configuration', () => {
  it('is that of the demo for an empty environment', () => {
    const config = load({});
    assert.equal(config.production, false);
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.port, library.port);
    assert.equal(config.logLevel, 'warn');
    assert.equal(config.requestDeadlineMs, 5_000);
    assert.equal(config.sandboxToken, undefined);
    assert.deepEqual(config.upstreams.urls.member?.map(String), ['http://127.0.0.1:6001/']);
    assert.deepEqual(config.upstreams.urls.lending?.map(String), ['http://127.0.0.1:6002/']);
    assert.equal(config.issuers[0]?.jwksUrl.href, 'http://127.0.0.1:6001/.well-known/jwks.json');
  });

  it('takes the keys of tokens from the given service, outside of production', () => {
    const { issuers } = load({ MEMBER_SERVICE_URL: 'http://127.0.0.1:7001,http://127.0.0.1:7002' });
    assert.equal(issuers[0]?.jwksUrl.href, 'http://127.0.0.1:7001/.well-known/jwks.json');
  });

  it('never completes another issuer with the values of the demo', () => {
    const others = { JWKS_URL: 'https://id.example/keys', JWT_ISSUER: 'https://id.example/' };
    assert.deepEqual(configFaults(others), ['JWT_AUDIENCE: must be set']);
    for (const variable of ['JWT_PROVIDER', 'JWT_CLIENTS', 'JWT_DEFAULT_ROLE']) {
      const faults = configFaults({ [variable]: 'customer' });
      const required = ['JWKS_URL', 'JWT_AUDIENCE', 'JWT_ISSUER'];
      assert.deepEqual(
        variablesOf(faults).filter((name) => required.includes(name ?? '')),
        required,
      );
    }
  });

  it('has the variables of the upstreams of its BFF, and of no others', () => {
    const bff = { ...library, upstreams: { review: { port: 6001 } } };
    const { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = LIBRARY_PRODUCTION;
    const config = loadConfig({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }, bff);
    assert.deepEqual(Object.keys(config.upstreams.urls), ['review']);
    assert.deepEqual(config.upstreams.urls.review?.map(String), ['http://127.0.0.1:6001/']);
    const env = { ...LIBRARY_PRODUCTION, REVIEW_SERVICE_URL: 'nonsense' };
    assert.deepEqual(
      faultsOf(() => loadConfig(env, bff)),
      ['REVIEW_SERVICE_URL: must be http, https or srv+http(s) addresses'],
    );
  });

  it('names all variables at fault in one message', () => {
    const faults = configFaults({
      LIBRARY_PORT: 'abc',
      LENDING_SERVICE_URL: 'ftp://loans',
      MEMBER_SERVICE_URL: 'http://one,two',
      REQUEST_DEADLINE_MS: '0',
      LOG_LEVEL: 'loud',
    });
    assert.deepEqual(variablesOf(faults), [
      'LENDING_SERVICE_URL',
      'LIBRARY_PORT',
      'LOG_LEVEL',
      'MEMBER_SERVICE_URL',
      'REQUEST_DEADLINE_MS',
    ]);
  });

  it('names a variable with several invalid parts once', () => {
    const faults = configFaults({ LENDING_SERVICE_URL: 'one,two' });
    assert.deepEqual(variablesOf(faults), ['LENDING_SERVICE_URL']);
  });

  it('refuses an unknown NODE_ENV, so that a misspelt production is not development', () => {
    const faults = configFaults({ ...LIBRARY_PRODUCTION, NODE_ENV: 'prod' });
    assert.deepEqual(variablesOf(faults), ['NODE_ENV']);
  });

  it('takes an empty variable as unset', () => {
    const names = ['NODE_ENV', 'LIBRARY_PORT', 'MEMBER_SERVICE_URL', 'LOG_LEVEL'];
    const empty = Object.fromEntries([...names, 'REQUEST_DEADLINE_MS'].map((name) => [name, '']));
    assert.deepEqual(load(empty), load({}));
    const faults = configFaults({ ...LIBRARY_PRODUCTION, JWKS_URL: '' });
    assert.deepEqual(faults, ['JWKS_URL: must be set']);
  });
});

describe('The configuration in production', () => {
  it('requires every variable that has no safe default', () => {
    const faults = configFaults({ NODE_ENV: 'production' });
    const { NODE_ENV: _given, ...required } = LIBRARY_PRODUCTION;
    assert.deepEqual(variablesOf(faults), Object.keys(required).sort());
    for (const fault of faults) assert.match(fault, /: must be set$/);
  });

  for (const variable of Object.keys(LIBRARY_PRODUCTION).filter((name) => name !== 'NODE_ENV')) {
    it(`is refused without ${variable}, which is named alone`, () => {
      const faults = configFaults({ ...LIBRARY_PRODUCTION, [variable]: undefined });
      assert.deepEqual(faults, [`${variable}: must be set`]);
    });
  }

  it('has the given values, and no token for the explorer', () => {
    const config = load({ ...LIBRARY_PRODUCTION, SANDBOX_TOKEN: 'secret' });
    assert.equal(config.production, true);
    assert.equal(config.logLevel, 'info');
    assert.equal(config.sandboxToken, undefined);
    const [issuer, ...more] = config.issuers;
    assert.deepEqual(more, []);
    assert.equal(issuer?.jwksUrl.href, LIBRARY_PRODUCTION.JWKS_URL);
    assert.equal(issuer?.issuer, LIBRARY_PRODUCTION.JWT_ISSUER);
    assert.deepEqual(issuer?.audiences, [LIBRARY_PRODUCTION.JWT_AUDIENCE]);
  });

  it('refuses the issuer of the demo, whose key is public', () => {
    const env = { ...LIBRARY_PRODUCTION, JWT_ISSUER: 'https://demo.frontdesk.example' };
    assert.deepEqual(variablesOf(configFaults(env)), ['JWT_ISSUER']);
  });
});

describe('A service URL', () => {
  it('may be several addresses, separated by commas', () => {
    const { upstreams } = load({ LENDING_SERVICE_URL: 'http://a:1, http://b:2,https://c' });
    const urls = upstreams.urls.lending?.map(String);
    assert.deepEqual(urls, ['http://a:1/', 'http://b:2/', 'https://c/']);
  });

  it('is either one DNS name or addresses', () => {
    const name = 'srv+http://_lending._tcp.example.org/api';
    const { upstreams } = load({ LENDING_SERVICE_URL: name });
    assert.equal(upstreams.urls.lending?.[0]?.href, name);
    const mixed = { LENDING_SERVICE_URL: `${name},http://a:1` };
    assert.deepEqual(variablesOf(configFaults(mixed)), ['LENDING_SERVICE_URL']);
  });

  it('may be one of gRPC if the service speaks it, and then all are', () => {
    const bff = { ...library, upstreams: { review: { port: 6001, grpcService: true } } };
    const read = (address: string) =>
      loadConfig(
        { ...LIBRARY_PRODUCTION, REVIEW_SERVICE_URL: address },
        bff,
      ).upstreams.urls.review?.map(String);
    assert.deepEqual(read('grpc://a:1,grpcs://b:2'), ['grpc://a:1', 'grpcs://b:2']);
    assert.deepEqual(read('srv+grpc://_reviews._tcp.example.org')?.length, 1);
    assert.deepEqual(read('http://a:1'), ['http://a:1/']);
    assert.deepEqual(
      faultsOf(() => read('grpc://a:1,http://b:2')),
      ['REVIEW_SERVICE_URL: must be http(s) or grpc(s) addresses, not both'],
    );
    assert.deepEqual(configFaults({ LENDING_SERVICE_URL: 'grpc://a:1' }), [
      'LENDING_SERVICE_URL: must be http, https or srv+http(s) addresses',
    ]);
  });

  for (const address of ['localhost:5001', 'nonsense']) {
    it(`is the only fault if it is "${address}", also where the keys are below it`, () => {
      const faults = configFaults({ MEMBER_SERVICE_URL: address });
      assert.deepEqual(variablesOf(faults), ['MEMBER_SERVICE_URL']);
    });
  }

  it('has a variable that is named after the upstream', () => {
    assert.equal(urlVariable('lending'), 'LENDING_SERVICE_URL');
  });
});

describe('A port', () => {
  for (const [given, port] of [
    ['0', 0],
    ['65535', 65_535],
  ] as const) {
    it(`may be ${given}`, () => assert.equal(load({ LIBRARY_PORT: given }).port, port));
  }

  for (const given of ['65536', '-1', 'abc', '1.5', '1e3', ' ']) {
    it(`must not be ${JSON.stringify(given)}`, () => {
      assert.deepEqual(variablesOf(configFaults({ LIBRARY_PORT: given })), ['LIBRARY_PORT']);
    });
  }

  it('of another BFF does not matter', () => {
    assert.equal(load({ MOBILE_PORT: 'abc', PORT: 'abc' }).port, library.port);
  });
});

describe('WORKERS', () => {
  it('is a number, one per core, or 1 by default', () => {
    assert.equal(load({}).workers, 1);
    assert.equal(load({ WORKERS: '8' }).workers, 8);
    assert.equal(load({ WORKERS: 'auto' }).workers, availableParallelism());
    for (const invalid of ['0', 'x', '-1', '1.5', '100', 'AUTO', ' 2']) {
      assert.deepEqual(configFaults({ WORKERS: invalid }), [
        'WORKERS: must be auto or a whole number, 1 to 99',
      ]);
    }
  });
});

describe('CORS_HEADERS', () => {
  it('are names of headers, and not all of them', () => {
    const { corsHeaders } = load({ CORS_HEADERS: 'X-Tenant, x_replay!' });
    assert.deepEqual(corsHeaders, ['x-tenant', 'x_replay!']);
    for (const invalid of ['*', 'x-a, *', 'x a', 'x-a;', 'x-a,', 'naïve', 'x-a: 1']) {
      assert.deepEqual(configFaults({ CORS_HEADERS: invalid }), [
        'CORS_HEADERS: must be names of headers, separated by commas, and not *',
      ]);
    }
  });
});

describe('A secret', () => {
  it('may be given as the name of a file that holds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secret-'));
    const file = join(folder, 'token');
    await writeFile(file, 'from the file\n');
    const env = { UPSTREAM_TOKEN_FILE: file, VIEWER_SIGNING_KEY: 'given', WEB_PORT: '1' };
    const read = withSecretFiles(env);
    await rm(folder, { recursive: true });
    assert.equal(read.UPSTREAM_TOKEN, 'from the file');
    assert.equal(read.VIEWER_SIGNING_KEY, 'given');
    assert.equal(read.WEB_PORT, '1');
  });

  it('whose file is empty is a fault, so that another credential is never used instead', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secret-'));
    const file = join(folder, 'empty');
    await writeFile(file, ' \n');
    const env = {
      LENDING_SERVICE_TOKEN_FILE: file,
      JWT_ISSUERS_FILE: file,
      UPSTREAM_TOKEN: 'shared',
    };
    const faults = faultsOf(() => withSecretFiles(env));
    await rm(folder, { recursive: true });
    assert.deepEqual(faults, [
      'JWT_ISSUERS_FILE: is empty',
      'LENDING_SERVICE_TOKEN_FILE: is empty',
    ]);
  });

  it('whose file is missing is a fault, which names every such variable', () => {
    const env = { UPSTREAM_TOKEN_FILE: '/none/a', VIEWER_SIGNING_KEY_FILE: '/none/b' };
    assert.throws(() => withSecretFiles(env), {
      name: 'ConfigError',
      message: /UPSTREAM_TOKEN_FILE: .*\n.*VIEWER_SIGNING_KEY_FILE: /,
    });
  });
});

describe('REDIS_URL', () => {
  const host = '10.0.0.1';
  const nobody = { username: undefined, password: undefined };
  const anna = { username: 'anna', password: 'p@ss/' };
  const hosts = [
    { host: 'a', port: 7_000 },
    { host: '::1', port: 26_379 },
  ];
  const sentinel = { isTls: false, kind: 'sentinel', sentinels: hosts, primaryName: 'my-shop' };
  const forms = {
    'redis://10.0.0.1': { isTls: false, kind: 'standalone', host, port: 6_379, db: 0, ...nobody },
    'rediss://anna:p%40ss%2F@10.0.0.1:7000/3': {
      isTls: true,
      kind: 'standalone',
      host,
      port: 7_000,
      db: 3,
      ...anna,
    },
    'redis+sentinel://anna:p%40ss%2F@a:7000,[::1]/my-shop': {
      ...sentinel,
      ...anna,
      sentinelCredentials: nobody,
    },
    'redis+sentinel://a:7000,[::1]/my-shop?sentinelUsername=anna&sentinelPassword=p%40ss%2F': {
      ...sentinel,
      ...nobody,
      sentinelCredentials: anna,
    },
    'rediss+cluster://:secret@a:7000,b': {
      isTls: true,
      kind: 'cluster',
      nodes: [hosts[0], { host: 'b', port: 6_379 }],
      username: undefined,
      password: 'secret',
    },
  };
  for (const [text, address] of Object.entries(forms)) {
    it(`may be ${text}`, () => {
      assert.deepEqual(parseRedisAddress(text), address);
    });
  }

  it('ends the start with one message, without its password, if it is wrong', () => {
    for (const url of [
      'a:6379',
      'http://a',
      'redis://',
      'redis://:7000',
      'redis://a:99999',
      'redis://a,b',
      'redis://a/x',
      'redis://a/4294967296',
      'redis://a?db=1',
      'redis://a#b',
      'redis://:pa/ss@a',
      'redis://anna:%zz@a',
      'redis+sentinel://a',
      'redis+sentinel://a/',
      'redis+sentinel://a,/shop',
      'redis+sentinel://a/shop/1',
      'redis+sentinel://a/shop?password=x',
      'redis+cluster://a,b/1',
      'redis+cluster://a,,b',
      'redis+proxy://a',
      'rediss+sentinels://a/shop',
    ]) {
      const faults = configFaults({ REDIS_URL: url });
      assert.equal(faults.length, 1, url);
      assert.match(faults[0] ?? '', /^REDIS_URL: must be redis:\/\/host:port, /);
    }
    for (const url of ['redis://a', 'redis+sentinel://a/shop', 'redis+cluster://a']) {
      const faults = configFaults({ REDIS_URL: url, REDIS_CA: '/nowhere' });
      assert.match(faults.join(), /REDIS_CA: needs a rediss address/);
    }
  });
});
