import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { startEndpoint } from '../endpoint.ts';
import { encoded } from '../issuer.ts';

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'HS256' | 'none';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encryption = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const PSS = { padding: 6, saltLength: 32 };

const jwk = (key: KeyObject, members: object) => ({ ...key.export({ format: 'jwk' }), ...members });

/**
 * Publishes a key set like those of providers: an RSA key, a key of another algorithm and one for
 * encryption; and signs tokens, also such that no provider would sign.
 * @param unpublished - members that the published keys do not have
 */
export async function startSigner(unpublished: readonly string[] = []) {
  const keys = [
    jwk(encryption.publicKey, { kid: 'enc', use: 'enc', alg: 'RSA-OAEP' }),
    jwk(rsa.publicKey, { kid: 'rsa', use: 'sig', alg: 'RS256' }),
    jwk(ec.publicKey, { kid: 'ec', use: 'sig', alg: 'ES256' }),
  ].map((key) =>
    Object.fromEntries(Object.entries(key).filter(([name]) => !unpublished.includes(name))),
  );
  const endpoint = await startEndpoint((response) => response.end(JSON.stringify({ keys })));
  return {
    url: endpoint.url.href,
    sign(claims: object, typ?: string, alg: Algorithm = 'RS256'): string {
      const kid = alg === 'ES256' ? 'ec' : 'rsa';
      const input = `${encoded({ alg, kid, typ })}.${encoded(claims)}`;
      return `${input}.${signature(alg, Buffer.from(input)).toString('base64url')}`;
    },
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}

function signature(alg: Algorithm, input: Buffer): Buffer {
  if (alg === 'none') return Buffer.from('x');
  if (alg === 'ES256') {
    return sign('sha256', input, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
  }
  if (alg === 'HS256') {
    const publicKey = rsa.publicKey.export({ format: 'pem', type: 'spki' });
    return createHmac('sha256', publicKey).update(input).digest();
  }
  return sign('sha256', input, { key: rsa.privateKey, ...(alg === 'PS256' ? PSS : {}) });
}
