import { generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { CAST } from '../../services/support/cast.ts';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER, issueToken } from '../../services/support/tokens.ts';

const kid: string = DEMO_KEY.kid;

/** Authorization headers that must let nobody in, by what is wrong with them. */
export async function brokenTokens(): Promise<Record<string, string>> {
  const good = await issueToken({ userId: CAST.customer });
  const [head, payload, signature] = good.split('.') as [string, string, string];
  const demoKey = (await importJWK(DEMO_KEY, 'ES256')) as CryptoKey;
  const stranger = await generateKeyPair('ES256');
  const soon = Math.floor(Date.now() / 1000) + 600;
  const claims = {
    iss: DEMO_ISSUER,
    aud: DEMO_AUDIENCE,
    sub: CAST.customer,
    role: 'customer',
    exp: soon,
  };
  const sign = (changed: Record<string, unknown>, key = demoKey, header = { alg: 'ES256', kid }) =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader(header).sign(key);
  const publicText = new TextEncoder().encode(JSON.stringify({ x: DEMO_KEY.x, y: DEMO_KEY.y }));
  const staffPayload = Buffer.from(JSON.stringify({ ...claims, role: 'staff' }));

  const tokens = {
    'no signature (alg none)': new UnsecuredJWT(claims).encode(),
    'signed symmetrically with the public key': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(publicText),
    'signed by a stranger': await sign({}, stranger.privateKey),
    'an unknown key id': await sign({}, demoKey, { alg: 'ES256', kid: 'other' }),
    'a key id that climbs': await sign({}, demoKey, { alg: 'ES256', kid: '../../etc/passwd' }),
    'a changed payload': `${head}.${staffPayload.toString('base64url')}.${signature}`,
    'a cut signature': `${head}.${payload}.${signature.slice(0, 40)}`,
    expired: await issueToken({ userId: CAST.customer, expiresIn: -60 }),
    'no expiry': await sign({ exp: undefined }),
    'not valid yet': await sign({ nbf: soon }),
    'another issuer': await sign({ iss: 'https://evil.example' }),
    'another audience': await sign({ aud: 'somebody-else' }),
    'no subject': await sign({ sub: undefined }),
    'a subject that climbs': await sign({ sub: '../admin' }),
    'a subject that is a number': await sign({ sub: 42 }),
    'a subject that is a list': await sign({ sub: [CAST.customer] }),
    'an unknown role': await sign({ role: 'admin' }),
    'no role': await sign({ role: undefined }),
  };
  const headers = Object.entries(tokens).map(([what, token]) => [what, `Bearer ${token}`]);
  return {
    ...Object.fromEntries(headers),
    'another scheme': 'Basic dXNlcjpwYXNz',
    'no token': 'Bearer',
    'an empty header': '',
    'two tokens': `Bearer ${good} ${good}`,
    'no JWT': 'Bearer abc',
  };
}
