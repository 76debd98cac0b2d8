import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createJwtVerifier } from '../../../src/auth/jwt.ts';
import { issuerConfig } from '../issuer.ts';
import { startSigner } from './signer.ts';
import { OTHER_CLIENT, OWN_CLIENT, PROVIDER_TOKENS, type ProviderTokens } from './tokens.ts';

const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };

for (const [provider, tokensOf] of Object.entries(PROVIDER_TOKENS)) {
  describe(`A token of ${provider}`, () => {
    let tokens: ProviderTokens;
    let signer: Awaited<ReturnType<typeof startSigner>>;
    let verify: ReturnType<typeof createJwtVerifier>;
    before(async () => {
      tokens = tokensOf();
      signer = await startSigner(tokens.unpublished);
      verify = createJwtVerifier([issuerConfig(configuration())]);
    });
    after(() => signer[Symbol.asyncDispose]());

    const configuration = () => ({
      ...tokens.env,
      JWKS_URL: signer.url,
      JWT_ISSUER: tokens.issuer,
    });
    const read = async (claims: object) => {
      const viewer = await verify(signer.sign(claims, tokens.typ));
      assert.ok('id' in viewer, 'it is not bound to a key');
      return viewer;
    };
    const customer = () => ({ role: 'customer', id: tokens.userId, issuer: tokens.issuer });
    const assertRefused = (claims: object, what: string) =>
      assert.rejects(read(claims), UNAUTHENTICATED, what);

    it('of an own client has all rights of its user', async () => {
      assert.deepEqual(await read(tokens.own), customer());
    });

    it('of staff has the role of staff', async () => {
      const viewer = await read({ ...tokens.own, ...tokens.staff });
      assert.deepEqual(viewer, { ...customer(), role: 'staff' });
    });

    it('of an own client is limited by a scope that is not first party', async () => {
      const viewer = await read({ ...tokens.own, ...tokens.thirdParty, ...ownClient(tokens) });
      assert.ok(viewer.scopes?.includes('orders:read'));
    });

    it('of a third party has its scopes and no more', async () => {
      const viewer = await read({ ...tokens.own, ...tokens.thirdParty });
      assert.ok(viewer.scopes);
      const known = viewer.scopes.filter((scope) => scope.includes(':'));
      assert.deepEqual(known, ['orders:read']);
      assert.deepEqual({ ...viewer, scopes: [] }, { ...customer(), scopes: [] });
    });

    it('of a third party without a scope for us may do nothing', async () => {
      const { scopes } = await read({ ...tokens.own, ...tokens.withoutScope });
      assert.ok(scopes, 'it is limited');
      assert.deepEqual(
        scopes.filter((scope) => scope.includes(':')),
        [],
      );
    });

    it('of a client without a user is refused, even for staff', async () => {
      await assertRefused(tokens.clientToken, 'client credentials');
      await assertRefused({ ...tokens.clientToken, ...tokens.staff }, 'of staff');
    });

    it('that is an ID token is refused, even if our client is the audience', async () => {
      await assertRefused(tokens.idToken, 'an ID token');
      const { aud, ...staff } = { ...tokens.idToken, ...tokens.staff };
      const [audience] = [tokens.own.aud].flat();
      await assertRefused({ ...staff, aud: audience ?? aud }, 'an ID token with our audience');
    });

    it('for another audience, of another issuer or without an expiry is refused', async () => {
      const { audience } = issuerConfig(configuration()).claims;
      await assertRefused({ ...tokens.own, [audience]: 'https://other.example' }, 'audience');
      await assertRefused({ ...tokens.own, [audience]: undefined }, 'no audience');
      await assertRefused({ ...tokens.own, [audience]: [] }, 'an empty audience');
      await assertRefused({ ...tokens.own, iss: `${tokens.issuer}x` }, 'issuer');
      await assertRefused({ ...tokens.own, iss: undefined }, 'no issuer');
      await assertRefused({ ...tokens.own, exp: undefined }, 'no expiry');
    });

    it('that names no client, or two, is refused', async () => {
      const { client } = issuerConfig(configuration()).claims;
      const none = Object.fromEntries(client.map((name) => [name, undefined]));
      await assertRefused({ ...tokens.own, ...none }, 'no client');
      const lists = Object.fromEntries(client.map((name) => [name, [OWN_CLIENT]]));
      await assertRefused({ ...tokens.own, ...lists }, 'a list with the client');
      if (client.length === 1) return;
      const two = { [client[0] ?? '']: OWN_CLIENT, [client[1] ?? '']: OTHER_CLIENT };
      await assertRefused({ ...tokens.own, ...two }, 'two clients');
    });

    it('with a malformed role or scope is refused, also where there is a default role', async () => {
      const config = issuerConfig({ ...configuration(), JWT_DEFAULT_ROLE: 'customer' });
      const withDefault = createJwtVerifier([config]);
      const { role, scope } = config.claims;
      const [top = ''] = role.includes('/') ? [role] : role.split('.');
      for (const value of [null, 42, true, { support: true }, ['support', 1], [['support']]]) {
        const nested = role === top ? value : { roles: value };
        const token = signer.sign({ ...tokens.own, [top]: nested }, tokens.typ);
        await assert.rejects(
          async () => withDefault(token),
          UNAUTHENTICATED,
          JSON.stringify(value),
        );
      }
      for (const value of [null, 42, {}, 'a  b', ['a b'], [1]]) {
        const token = signer.sign({ ...tokens.own, [scope]: value }, tokens.typ);
        await assert.rejects(
          async () => withDefault(token),
          UNAUTHENTICATED,
          JSON.stringify(value),
        );
      }
    });

    it('that is signed in another way is refused, also with another key of the set', async () => {
      for (const alg of ['none', 'HS256', 'ES256', 'PS256'] as const) {
        const token = signer.sign(tokens.own, tokens.typ, alg);
        await assert.rejects(async () => verify(token), UNAUTHENTICATED, alg);
      }
      const both = createJwtVerifier([
        issuerConfig({ ...configuration(), JWT_ALGORITHMS: 'RS256,ES256' }),
      ]);
      assert.deepEqual(await both(signer.sign(tokens.own, tokens.typ, 'ES256')), customer());
    });

    it('is refused if it differs in what only this provider has', async () => {
      for (const [what, claims] of Object.entries(tokens.refused)) {
        await assertRefused({ ...tokens.own, ...claims }, what);
      }
    });
  });
}

/** The claims that name the client in a token of the shop's own. */
function ownClient({ own }: ProviderTokens): Record<string, unknown> {
  const names = ['azp', 'appid', 'cid', 'client_id'].filter((name) => name in own);
  return Object.fromEntries(names.map((name) => [name, OWN_CLIENT]));
}
