import { generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { CAST } from '../../services/support/cast.ts';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER, issueToken } from '../../services/support/tokens.ts';

const kid: string = DEMO_KEY.kid;

/** Authorization headers that must be rejected, by what is wrong with them. */
export async function invalidTokens(): Promise<Record<string, string>> {
  const valid = await issueToken({ userId: CAST.customer });
  const [head, payload, signature] = valid.split('.') as [string, string, string];
  const demoKey = (await importJWK(DEMO_KEY, 'ES256')) as CryptoKey;
  const otherKey = await generateKeyPair('ES256');
  const inTenMinutes = Math.floor(Date.now() / 1000) + 600;
  const claims = {
    iss: DEMO_ISSUER,
    aud: DEMO_AUDIENCE,
    sub: CAST.customer,
    role: 'customer',
    exp: inTenMinutes,
  };
  const sign = (changes: Record<string, unknown>, key = demoKey, header = { alg: 'ES256', kid }) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader(header).sign(key);
  const publicKey = new TextEncoder().encode(JSON.stringify({ x: DEMO_KEY.x, y: DEMO_KEY.y }));
  const staffPayload = Buffer.from(JSON.stringify({ ...claims, role: 'staff' }));

  const tokens = {
    'no signature (algorithm none)': new UnsecuredJWT(claims).encode(),
    'an HMAC with the public key as secret': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(publicKey),
    'a signature of another key': await sign({}, otherKey.privateKey),
    'an unknown key id': await sign({}, demoKey, { alg: 'ES256', kid: 'other' }),
    'a key id with path traversal': await sign({}, demoKey, {
      alg: 'ES256',
      kid: '../../etc/passwd',
    }),
    'a changed payload': `${head}.${staffPayload.toString('base64url')}.${signature}`,
    'a truncated signature': `${head}.${payload}.${signature.slice(0, 40)}`,
    'an expiry in the past': await issueToken({ userId: CAST.customer, expiresIn: -60 }),
    'no expiry': await sign({ exp: undefined }),
    'a start in the future': await sign({ nbf: inTenMinutes }),
    'another issuer': await sign({ iss: 'https://evil.example' }),
    'another audience': await sign({ aud: 'another-api' }),
    'no subject': await sign({ sub: undefined }),
    'a subject that URLs lose': await sign({ sub: '..' }),
    'a subject that is a number': await sign({ sub: 42 }),
    'a subject that is a list': await sign({ sub: [CAST.customer] }),
    'an unknown role': await sign({ role: 'admin' }),
    'no role': await sign({ role: undefined }),
  };
  const headers = Object.entries(tokens).map(([description, token]) => [
    description,
    `Bearer ${token}`,
  ]);
  return {
    ...Object.fromEntries(headers),
    'another scheme': 'Basic dXNlcjpwYXNz',
    'no token': 'Bearer',
    'an empty header': '',
    'two tokens': `Bearer ${valid} ${valid}`,
    'not a JWT': 'Bearer abc',
  };
}
