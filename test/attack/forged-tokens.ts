import { createHmac, createSign, KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { type Issuer, KEY_ID, RSA_KEY_ID } from './token-issuer.ts';

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/**
 * Tokens that must let nobody in, by what is wrong with them.
 * @param theirs - an address of the attacker's, who has keys of their own there
 */
export async function forgedTokens(issuer: Issuer, theirs: string): Promise<[string, string][]> {
  const forged = [
    ...withoutSignature(issuer),
    ...(await bySymmetricKey(issuer)),
    ...(await withKeysOfTheirOwn(issuer, theirs)),
    ...(await withOddKeyIds(issuer)),
    ...(await withWrongClaims(issuer)),
    ...(await withChangedParts(issuer)),
  ];
  return forged;
}

type Tokens = [what: string, token: string][];

function withoutSignature({ claimsOf }: Issuer): Tokens {
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

/** RFC 8725 §2.1: the public key taken for the secret of an HMAC. */
async function bySymmetricKey({ claimsOf, publicKey, publicJwk }: Issuer): Promise<Tokens> {
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
    nothing: '',
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

async function withKeysOfTheirOwn(issuer: Issuer, theirs: string): Promise<Tokens> {
  const { sign, publicJwk, rsaPrivateKey } = issuer;
  const own = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(own.publicKey)), kid: KEY_ID, alg: 'ES256' };
  const rsa = await generateKeyPair('RS256');
  const headers: Record<string, object> = {
    'their key': {},
    'their key in the header': { jwk },
    'their key in the header, without an id': { jwk, kid: undefined },
    'an address of their keys': { jku: theirs },
    'an address of their keys, and another id': { jku: theirs, kid: 'their-key' },
    'an address of their certificate': { x5u: theirs },
    'their certificate': { x5c: [Buffer.from('certificate').toString('base64')] },
    'their address as the key id': { kid: theirs },
    'our key in the header, but signed with theirs': { jwk: publicJwk },
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
      'another algorithm, with a key of the issuer that has one for it',
      await sign({}, { alg: 'RS256', kid: RSA_KEY_ID }, rsaPrivateKey),
    ],
    [
      'yet another algorithm, with that key',
      await sign({}, { alg: 'PS256', kid: RSA_KEY_ID }, rsaPrivateKey).catch(() => 'e30.e30.AAAA'),
    ],
    ['another algorithm', await sign({}, { alg: 'RS256' }, rsa.privateKey)],
    [
      'another algorithm, with their key',
      await sign({}, { alg: 'RS256', jku: theirs }, rsa.privateKey),
    ],
    ['a critical extension', await withHeader({ crit: ['exotic'], exotic: true })],
    ['an unencoded payload', await withHeader({ crit: ['b64'], b64: false })],
  ];

  /** Signed with the right key, past a library that would refuse to make it. */
  async function withHeader(header: object): Promise<string> {
    return sign({}, header).catch(() => `${base64url({ alg: 'ES256', ...header })}.e30.AAAA`);
  }
}

/** What a key is looked up by must not become a path, a query or a property. */
async function withOddKeyIds({ sign }: Issuer): Promise<Tokens> {
  const stranger = await generateKeyPair('ES256');
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
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template would take for one
    '${KEY_ID}',
    'x'.repeat(4_000),
    42,
    null,
    ['key-1'],
    { key: 'key-1' },
  ];
  return Promise.all(
    ids.map(async (kid): Promise<[string, string]> => {
      const token = await sign({}, { kid: kid as string }, stranger.privateKey);
      return [`key id ${JSON.stringify(kid)?.slice(0, 40)}`, token];
    }),
  );
}

async function withWrongClaims({ sign }: Issuer): Promise<Tokens> {
  const now = Math.floor(Date.now() / 1000);
  const claims: Record<string, Record<string, unknown>> = {
    'no issuer': { iss: undefined },
    'another issuer': { iss: 'https://evil.example' },
    'an issuer that begins like ours': { iss: 'https://id.example.evil.example' },
    'our issuer with a slash': { iss: 'https://id.example/' },
    'issuers, ours among them': { iss: ['https://id.example'] },
    'no audience': { aud: undefined },
    'another audience': { aud: 'somebody-else' },
    'no audiences': { aud: [] },
    'audiences, none of them ours': { aud: ['a', 'b'] },
    'an audience that contains ours': { aud: 'not-frontdesk-under-attack' },
    'no expiry': { exp: undefined },
    expired: { exp: now - 3_600 },
    'expired in 1970': { exp: 0 },
    'an expiry before 1970': { exp: -1 },
    'an expiry as text': { exp: String(now + 600) },
    'an expiry that is a list': { exp: [now + 600] },
    'not valid yet': { nbf: now + 3_600 },
    'not valid before some text': { nbf: 'tomorrow' },
    'no subject': { sub: undefined },
    'an empty subject': { sub: '' },
    'a subject that is a number': { sub: 42 },
    'a subject that is an object': { sub: { $ne: null } },
    'a subject that climbs': { sub: '../1' },
    'a subject that climbs, encoded': { sub: '%2e%2e%2f1' },
    'a subject with a query': { sub: '42?role=staff' },
    'a subject with a NUL': { sub: '42\0' },
    'a subject with two lines': { sub: '42\r\nx-injected: 1' },
    'a subject of 100,000 characters': { sub: '4'.repeat(5_000) },
    'permissions instead of a scope': { permissions: [] },
    'scopes under another name': { scopes: 'orders:read' },
    'authorization details instead of a scope': { authorization_details: [{ type: 'orders' }] },
    'no role': { role: undefined },
    'an unknown role': { role: 'admin' },
    'a role of ours for servers': { role: 'partner' },
    'a role in capitals': { role: 'STAFF' },
    'several roles': { role: ['customer', 'staff'] },
    'a role from the prototype': { role: '__proto__' },
  };
  return Promise.all(
    Object.entries(claims).map(
      async ([what, changed]): Promise<[string, string]> => [what, await sign(changed)],
    ),
  );
}

async function withChangedParts({ sign, claimsOf, privateKey }: Issuer): Promise<Tokens> {
  const [header = '', payload = '', signature = ''] = (await sign()).split('.');
  const staff = base64url(claimsOf({ role: 'staff' }));
  const signed = `${header}.${payload}`;
  const der = createSign('sha256').update(signed).sign(KeyObject.from(privateKey));
  const zeros = Buffer.alloc(64).toString('base64url');
  return [
    ['another role under a signature', `${header}.${staff}.${signature}`],
    ['a cut signature', `${signed}.${signature.slice(0, -2)}`],
    ['half a signature', `${signed}.${signature.slice(0, 43)}`],
    ['a longer signature', `${signed}.${signature}AAAA`],
    ['a signature twice', `${signed}.${signature}${signature}`],
    ['a signature of zeros', `${signed}.${zeros}`], // CVE-2022-21449
    ['a signature in another form', `${signed}.${der.toString('base64url')}`],
    ['no signature', `${signed}.`],
    ['no third part', signed],
    ['a fourth part', `${signed}.${signature}.AAAA`],
    ['five parts', `${signed}.${signature}.AAAA.AAAA`],
    ['no payload', `${header}..${signature}`],
    ['a payload that is no JSON', `${header}.${base64url('{')}.${signature}`],
    ['a payload that is a list', `${header}.${base64url([])}.${signature}`],
    ['a header that is no JSON', `${base64url('{')}.${payload}.${signature}`],
    ['a header of two lines', `${header}.${payload}.${signature}, Bearer x`],
    ['dots', '..'],
    ['many dots', '.'.repeat(1_000)],
    ['a JSON serialisation', JSON.stringify({ payload, protected: header, signature })],
    ['16 kB less a little', `${signed}.${'A'.repeat(10_000)}`],
  ];
}
