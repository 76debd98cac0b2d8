import { createHmac, createSign, KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { KEY_ID, RSA_KEY_ID, type TokenIssuer } from './token-issuer.ts';

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/**
 * Forged tokens, each with a description.
 * @param attackerUrl - the URL of the attacker's own keys
 */
export async function forgedTokens(
  issuer: TokenIssuer,
  attackerUrl: string,
): Promise<[string, string][]> {
  return [
    ...withoutSignature(issuer),
    ...(await withHmacOfPublicKey(issuer)),
    ...(await withKeysOfAttacker(issuer, attackerUrl)),
    ...(await withInvalidKeyIds(issuer)),
    ...(await withWrongClaims(issuer)),
    ...(await withChangedParts(issuer)),
  ];
}

type Tokens = [what: string, token: string][];

function withoutSignature({ claimsOf }: TokenIssuer): Tokens {
  const payload = base64url(claimsOf());
  const algorithms = ['none', 'None', 'NONE', 'nOnE', '', null, 'es256', 'ES256 '];
  return algorithms.flatMap((alg): Tokens => {
    const header = base64url({ alg, kid: KEY_ID });
    return [
      [`algorithm ${alg}, no signature`, `${header}.${payload}.`],
      [`algorithm ${alg}, some signature`, `${header}.${payload}.AAAA`],
    ];
  });
}

/** The public key as the secret of an HMAC (RFC 8725 §2.1). */
async function withHmacOfPublicKey({
  claimsOf,
  publicKey,
  publicJwk,
}: TokenIssuer): Promise<Tokens> {
  const key = KeyObject.from(publicKey);
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const { kty, crv, x, y } = publicJwk;
  const secrets: Record<string, string | Buffer> = {
    PEM: pem,
    'PEM without its last line feed': pem.trimEnd(),
    'PEM in one line': pem.replaceAll('\n', ''),
    DER: key.export({ type: 'spki', format: 'der' }),
    JWK: JSON.stringify(publicJwk),
    'JWK, its own members': JSON.stringify({ kty, crv, x, y }),
    'both coordinates': Buffer.concat([x, y].map((part) => Buffer.from(part ?? '', 'base64url'))),
    'one coordinate': Buffer.from(x ?? '', 'base64url'),
    'an empty secret': '',
    'the key id': KEY_ID,
  };
  const sizes = [256, 384, 512];
  return Object.entries(secrets).flatMap(
    ([what, secret]): Tokens =>
      sizes.map((bits) => {
        const signed = `${base64url({ alg: `HS${bits}`, kid: KEY_ID })}.${base64url(claimsOf())}`;
        const signature = createHmac(`sha${bits}`, secret).update(signed).digest('base64url');
        return [`HS${bits} with the public key as ${what}`, `${signed}.${signature}`];
      }),
  );
}

async function withKeysOfAttacker(issuer: TokenIssuer, attackerUrl: string): Promise<Tokens> {
  const { sign, publicJwk, rsaPrivateKey } = issuer;
  const own = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(own.publicKey)), kid: KEY_ID, alg: 'ES256' };
  const rsa = await generateKeyPair('RS256');
  const headers: Record<string, object> = {
    "the attacker's key": {},
    "the attacker's key in the header": { jwk },
    "the attacker's key in the header, without an id": { jwk, kid: undefined },
    "the URL of the attacker's keys": { jku: attackerUrl },
    "the URL of the attacker's keys, and another id": { jku: attackerUrl, kid: 'their-key' },
    "the URL of the attacker's certificate": { x5u: attackerUrl },
    "the attacker's certificate": { x5c: [Buffer.from('certificate').toString('base64')] },
    "the attacker's URL as the key id": { kid: attackerUrl },
    "the issuer's key in the header, signed by the attacker": { jwk: publicJwk },
  };
  const tokens = Object.entries(headers).map(
    async ([what, header]): Promise<[string, string]> => [
      what,
      await sign({}, header, own.privateKey),
    ],
  );
  return [
    ...(await Promise.all(tokens)),
    [
      'another algorithm, with a key of the issuer for that algorithm',
      await sign({}, { alg: 'RS256', kid: RSA_KEY_ID }, rsaPrivateKey),
    ],
    [
      'PS256, with the same key',
      await sign({}, { alg: 'PS256', kid: RSA_KEY_ID }, rsaPrivateKey).catch(() => 'e30.e30.AAAA'),
    ],
    ['another algorithm', await sign({}, { alg: 'RS256' }, rsa.privateKey)],
    [
      "another algorithm, with the URL of the attacker's keys",
      await sign({}, { alg: 'RS256', jku: attackerUrl }, rsa.privateKey),
    ],
    ['a critical extension', await withHeader({ crit: ['exotic'], exotic: true })],
    ['an unencoded payload', await withHeader({ crit: ['b64'], b64: false })],
  ];

  /** Signed with the right key; unsigned if the library refuses to sign such a header. */
  async function withHeader(header: object): Promise<string> {
    return sign({}, header).catch(() => `${base64url({ alg: 'ES256', ...header })}.e30.AAAA`);
  }
}

/** Key ids that must not be used as a path, a query or a property name. */
async function withInvalidKeyIds({ sign }: TokenIssuer): Promise<Tokens> {
  const attacker = await generateKeyPair('ES256');
  const ids: unknown[] = [
    '../../../../dev/null',
    '/dev/null',
    "key-1' OR '1'='1",
    'key-1\0',
    'key-1 ',
    'KEY-1',
    '',
    '__proto__',
    'constructor',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a template engine
    '${KEY_ID}',
    'x'.repeat(4_000),
    42,
    null,
    ['key-1'],
    { key: 'key-1' },
  ];
  return Promise.all(
    ids.map(async (kid): Promise<[string, string]> => {
      const token = await sign({}, { kid: kid as string }, attacker.privateKey);
      return [`key id ${JSON.stringify(kid)?.slice(0, 40)}`, token];
    }),
  );
}

async function withWrongClaims({ sign }: TokenIssuer): Promise<Tokens> {
  const now = Math.floor(Date.now() / 1000);
  const claims: Record<string, Record<string, unknown>> = {
    'no issuer': { iss: undefined },
    'another issuer': { iss: 'https://evil.example' },
    'an issuer with the same prefix': { iss: 'https://id.example.evil.example' },
    'the issuer with a slash': { iss: 'https://id.example/' },
    'a list with the issuer': { iss: ['https://id.example'] },
    'no audience': { aud: undefined },
    'another audience': { aud: 'somebody-else' },
    'an empty list of audiences': { aud: [] },
    'other audiences': { aud: ['a', 'b'] },
    'an audience that contains the right one': { aud: 'not-frontdesk-under-attack' },
    'no expiry': { exp: undefined },
    expired: { exp: now - 3_600 },
    'expired in 1970': { exp: 0 },
    'an expiry before 1970': { exp: -1 },
    'an expiry as text': { exp: String(now + 600) },
    'an expiry that is a list': { exp: [now + 600] },
    'not valid yet': { nbf: now + 3_600 },
    'a text as the time before which it is invalid': { nbf: 'tomorrow' },
    'no subject': { sub: undefined },
    'an empty subject': { sub: '' },
    'a subject that is a number': { sub: 42 },
    'a subject that is an object': { sub: { $ne: null } },
    'a subject that URLs lose': { sub: '..' },
    'an invisible character in the subject': { sub: '42\u200b' },
    'a line separator in the subject': { sub: '42\u2028' },
    'an invisible filler in the subject': { sub: '42\u3164' },
    'a variation selector in the subject': { sub: '42\ufe0f' },
    'a space after the subject': { sub: '42 ' },
    'a space before the subject': { sub: '\u00a042' },
    'a logout token': { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    'a refresh token': { token_use: 'refresh' },
    'an ID token': { typ: 'ID' },
    'client credentials': { gty: 'client-credentials' },
    'an app without a user': { idtyp: 'app' },
    'a service account': { preferred_username: 'service-account-batch' },
    'a subject with a NUL': { sub: '42\0' },
    'a subject with two lines': { sub: '42\r\nx-injected: 1' },
    'a subject of 5,000 characters': { sub: '4'.repeat(5_000) },
    'permissions instead of a scope': { permissions: [] },
    'scopes under another name': { scopes: 'orders:read' },
    'authorization details instead of a scope': { authorization_details: [{ type: 'orders' }] },
    'no role': { role: undefined },
    'an unknown role': { role: 'admin' },
    'the role of API keys': { role: 'partner' },
    'a role in upper case': { role: 'STAFF' },
    'no roles': { role: [] },
    'several unknown roles': { role: ['admin', 'partner'] },
    'a role among other values': { role: ['customer', 1] },
    'a role in an object': { role: { name: 'staff' } },
    '__proto__ as the role': { role: '__proto__' },
  };
  return Promise.all(
    Object.entries(claims).map(
      async ([what, overrides]): Promise<[string, string]> => [what, await sign(overrides)],
    ),
  );
}

async function withChangedParts({ sign, claimsOf, privateKey }: TokenIssuer): Promise<Tokens> {
  const [header = '', payload = '', signature = ''] = (await sign()).split('.');
  const staff = base64url(claimsOf({ role: 'staff' }));
  const signed = `${header}.${payload}`;
  const der = createSign('sha256').update(signed).sign(KeyObject.from(privateKey));
  const zeros = Buffer.alloc(64).toString('base64url');
  return [
    ['another role under the signature', `${header}.${staff}.${signature}`],
    ['a truncated signature', `${signed}.${signature.slice(0, -2)}`],
    ['half a signature', `${signed}.${signature.slice(0, 43)}`],
    ['a longer signature', `${signed}.${signature}AAAA`],
    ['a signature twice', `${signed}.${signature}${signature}`],
    ['a signature of zeros', `${signed}.${zeros}`], // CVE-2022-21449
    ['a signature in DER', `${signed}.${der.toString('base64url')}`],
    ['no signature', `${signed}.`],
    ['no third part', signed],
    ['a fourth part', `${signed}.${signature}.AAAA`],
    ['five parts', `${signed}.${signature}.AAAA.AAAA`],
    ['no payload', `${header}..${signature}`],
    ['a payload that is not JSON', `${header}.${base64url('{')}.${signature}`],
    ['a payload that is a list', `${header}.${base64url([])}.${signature}`],
    ['a header that is not JSON', `${base64url('{')}.${payload}.${signature}`],
    ['two credentials', `${header}.${payload}.${signature}, Bearer x`],
    ['empty parts', '..'],
    ['1,000 empty parts', '.'.repeat(1_000)],
    ['a JSON serialisation', JSON.stringify({ payload, protected: header, signature })],
    ['a signature of 10 kB', `${signed}.${'A'.repeat(10_000)}`],
  ];
}
