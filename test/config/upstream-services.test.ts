import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { withSecretFiles } from '../../src/config/secret-files.ts';
import { library } from '../support/fixture/bff.ts';
import { faultsOf } from './faults.ts';
import { LIBRARY_PRODUCTION } from './library-production.ts';

const CLIENT = {
  UPSTREAM_TOKEN_URL: 'https://id.example/token',
  UPSTREAM_CLIENT_ID: 'frontdesk',
  UPSTREAM_CLIENT_SECRET: 'the secret',
};

const load = (env: NodeJS.ProcessEnv) => loadConfig({ ...LIBRARY_PRODUCTION, ...env }, library);
const credentialsIn = (env: NodeJS.ProcessEnv) => load(env).upstreams.credentials;
const faultsIn = (env: NodeJS.ProcessEnv) => faultsOf(() => load(env));

describe('The credentials of an upstream', () => {
  it('are the token of all upstreams, unless it has one of its own', () => {
    const env = { UPSTREAM_TOKEN: 'shared', LENDING_SERVICE_TOKEN: 'own' };
    assert.deepEqual(credentialsIn(env), {
      member: { kind: 'token', token: 'shared', file: undefined },
      lending: { kind: 'token', token: 'own', file: undefined },
    });
  });

  it('may be a token in a file, whose name is kept to read it again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    const file = join(folder, 'token');
    await writeFile(file, 'from the file\n');
    const env = withSecretFiles({ MEMBER_SERVICE_TOKEN_FILE: file });
    await rm(folder, { recursive: true });
    const { member } = credentialsIn(env);
    assert.deepEqual(member, { kind: 'token', token: 'from the file', file });
  });

  it('may be client credentials or token exchange, each with audience and scope', () => {
    const { member, lending } = credentialsIn({
      ...CLIENT,
      MEMBER_SERVICE_CREDENTIALS: 'client-credentials',
      LENDING_SERVICE_CREDENTIALS: 'token-exchange',
      LENDING_SERVICE_AUDIENCE: 'lending',
      LENDING_SERVICE_SCOPE: 'loans.read loans.write',
    });
    const client = {
      tokenUrl: new URL(CLIENT.UPSTREAM_TOKEN_URL),
      clientId: 'frontdesk',
      clientSecret: 'the secret',
      file: undefined,
      subjectIssuer: LIBRARY_PRODUCTION.JWT_ISSUER,
    };
    const none = { audience: undefined, scope: undefined };
    assert.deepEqual(member, { kind: 'client-credentials', ...client, ...none });
    const target = { audience: 'lending', scope: 'loans.read loans.write' };
    assert.deepEqual(lending, { kind: 'token-exchange', ...client, ...target });
  });

  it('must be of a known kind and complete, and every fault is named', () => {
    const kinds = {
      MEMBER_SERVICE_CREDENTIALS: 'password',
      LENDING_SERVICE_CREDENTIALS: 'token-exchange',
      LENDING_SERVICE_TOKEN: 'unused',
      UPSTREAM_CLIENT_ID: 'frontdesk',
    };
    assert.deepEqual(faultsIn(kinds), [
      'MEMBER_SERVICE_CREDENTIALS: must be token, client-credentials or token-exchange',
      'UPSTREAM_TOKEN_URL: must be set with LENDING_SERVICE_CREDENTIALS',
      'UPSTREAM_CLIENT_SECRET: must be set with LENDING_SERVICE_CREDENTIALS',
      'LENDING_SERVICE_TOKEN: is not used with LENDING_SERVICE_CREDENTIALS=token-exchange',
    ]);
  });

  it('name the issuer whose tokens are exchanged if there are several', () => {
    const issuers = ['https://a.example', 'https://b.example'].map((issuer, n) => ({
      issuer,
      jwksUrl: `${issuer}/keys`,
      audience: 'library',
      userIdPrefix: `${n}|`,
    }));
    const single = { JWKS_URL: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };
    const several = { ...CLIENT, ...single, JWT_ISSUERS: JSON.stringify(issuers) };
    const exchange = { ...several, LENDING_SERVICE_CREDENTIALS: 'token-exchange' };
    assert.deepEqual(faultsIn(exchange), [
      'UPSTREAM_TOKEN_ISSUER: must be set with LENDING_SERVICE_CREDENTIALS and several issuers',
    ]);
    assert.deepEqual(faultsIn({ ...exchange, UPSTREAM_TOKEN_ISSUER: 'https://b.example/' }), [
      'UPSTREAM_TOKEN_ISSUER: must be a configured issuer',
    ]);
    const { lending } = credentialsIn({ ...exchange, UPSTREAM_TOKEN_ISSUER: 'https://b.example' });
    assert.equal(lending?.kind === 'token-exchange' && lending.subjectIssuer, 'https://b.example');
    load({ ...several, LENDING_SERVICE_CREDENTIALS: 'client-credentials' });
  });

  it('have no setting without effect', () => {
    const settings = {
      LENDING_SERVICE_AUDIENCE: 'lending',
      LENDING_SERVICE_SCOPE: 'loans.read',
      UPSTREAM_TOKEN_URL: CLIENT.UPSTREAM_TOKEN_URL,
    };
    assert.deepEqual(faultsIn({ ...settings, MEMBER_SERVICE_CREDENTIALS: 'token' }), [
      'LENDING_SERVICE_AUDIENCE: is not used without LENDING_SERVICE_CREDENTIALS',
      'LENDING_SERVICE_SCOPE: is not used without LENDING_SERVICE_CREDENTIALS',
      'UPSTREAM_TOKEN_URL: is not used without ORDER_SERVICE_CREDENTIALS or that of another service',
    ]);
    // The BFFs may share variables: this service is one of another BFF.
    const { UPSTREAM_TOKEN_URL } = CLIENT;
    const ofAnother = { UPSTREAM_TOKEN_URL, ORDER_SERVICE_CREDENTIALS: 'client-credentials' };
    assert.deepEqual(faultsIn(ofAnother), []);
  });

  it('are missed in production if an upstream has none', () => {
    const warned = (env: NodeJS.ProcessEnv) =>
      load(env).warnings.some(({ fields }) => fields.variable === 'UPSTREAM_TOKEN');
    assert.equal(warned({}), true);
    assert.equal(warned({ MEMBER_SERVICE_TOKEN: 'own' }), true);
    assert.equal(warned({ MEMBER_SERVICE_TOKEN: 'own', LENDING_SERVICE_TOKEN: 'own' }), false);
  });
});

describe('The certificates of an upstream', () => {
  it('must be readable, and complete for the upstream that has some of its own', () => {
    const env = {
      MEMBER_SERVICE_CERT: '/none/cert',
      LENDING_SERVICE_CA: '/none/ca',
      UPSTREAM_CERT: '/none/shared-cert',
      UPSTREAM_KEY: '/none/shared-key',
    };
    assert.deepEqual(faultsIn(env), [
      'MEMBER_SERVICE_KEY: must be set with MEMBER_SERVICE_CERT',
      'LENDING_SERVICE_CA: there is no readable file at "/none/ca"',
      'UPSTREAM_CERT: there is no readable file at "/none/shared-cert"',
      'UPSTREAM_KEY: there is no readable file at "/none/shared-key"',
    ]);
  });
});
