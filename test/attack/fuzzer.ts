import { readdirSync, readFileSync } from 'node:fs';
import type { BffDefinition } from '../../src/bff.ts';
import type { HttpRequest } from './http-client.ts';
import type { Random } from './random.ts';

/** Generates a request, most of them invalid. */
export type RequestGenerator = (
  random: Random,
) => Omit<HttpRequest, 'url'> & { readonly path: string };

const JSON_TYPE = { 'content-type': 'application/json' };

const UNUSUAL_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '😀',
  'null',
  '-1',
  '1e999',
  '__proto__',
  'constructor',
  "'; DROP TABLE users; --",
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '%2e%2e%2f',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a template engine
  '${7*7}',
  '{{7*7}}',
  'x'.repeat(2_000),
  '{ __typename }',
  '{ __schema { types { name } } }',
  'mutation { __typename }',
  'subscription { __typename }',
];

const UNUSUAL_NUMBERS = [0, -0, -1, 1, 1.5, 1e21, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'application/json;;;',
  'APPLICATION/JSON',
  'application/graphql',
  'application/graphql-response+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  'text/plain;application/json',
  'application/jsonp',
  'application/json, text/plain',
  '*/*',
  '/',
  ';',
  'x'.repeat(500),
];
const ACCEPTS = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/json;q=0',
  'text/event-stream',
  'multipart/mixed;deferSpec=20220824',
  'image/png',
  'application/json;q=abc',
  ',,,',
  ';',
  '',
  'a/b,'.repeat(300),
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND', 'TRACE'];
const PATHS = [
  '/graphql',
  '/graphql/',
  '//graphql',
  '/graphql?',
  '/graphql%00',
  '/graphql/../graphql',
  '/%67raphql',
  '/GRAPHQL',
  '/%ff',
  '/%',
  '/graphql%2f..%2f..',
  '/healthz/../graphql',
  '/auth/login?returnTo=//evil.example',
  '/auth/callback?code=x&state=x',
  '/auth/session',
  '/auth/logout',
  '/auth/backchannel-logout',
  '/purge',
  '/metrics',
  '/.env',
  '/.git/config',
  `/${'x'.repeat(4_000)}`,
];
const HEADER_NAMES = [
  'authorization',
  'x-request-id',
  'x-request-timeout-ms',
  'traceparent',
  'accept-language',
  'accept-encoding',
  'content-encoding',
  'if-none-match',
  'cookie',
  'origin',
  'x-forwarded-for',
  'x-csrf-token',
  'x-api-key',
  'dpop',
  'client-cert',
  'apollographql-client-name',
  'apollo-require-preflight',
  'x-http-method-override',
  'range',
];
const HEADER_VALUES = [
  '',
  ' ',
  '0',
  '-1',
  '1e9',
  'abc',
  'Bearer',
  'Bearer ',
  'Bearer a.b.c',
  'Bearer eyJhbGciOiJub25lIn0.e30.',
  'Basic dXNlcjpwYXNz',
  'gzip, deflate, br',
  'gzip;q=0, *;q=0',
  '00-00000000000000000000000000000000-0000000000000000-00',
  'W/"x", "y", *',
  '__Host-session=x; __Host-session=y',
  'null',
  '\u00e9\u00ff',
  'bytes=0-0,-1',
  '::1, 127.0.0.1, unknown, 999.999.999.999',
  'x'.repeat(3_000),
];

/** Creates generators of malformed requests to a BFF. */
export function createRequestGenerators(bff: BffDefinition): readonly RequestGenerator[] {
  const texts = committedTexts(bff);
  const post = (body: string, headers: HttpRequest['headers'] = JSON_TYPE) =>
    ({ method: 'POST', path: '/graphql', headers, body }) as const;

  const validRequest = (random: Random) => ({ query: random.pick(texts), variables: { id: '42' } });
  return [
    (random) => post(mutate(JSON.stringify(validRequest(random)), random)),
    (random) => post(JSON.stringify({ query: mutate(random.pick(texts), random) })),
    (random) => post(JSON.stringify({ query: swapWords(random.pick(texts), random) })),
    (random) => post(JSON.stringify({ ...validRequest(random), variables: anyJson(random) })),
    (random) =>
      post(
        JSON.stringify({
          ...validRequest(random),
          variables: { [unusualName(random)]: anyJson(random) },
        }),
      ),
    (random) => post(JSON.stringify(anyRequest(random))),
    (random) => post(JSON.stringify(anyJson(random))),
    (random) => post(JSON.stringify(validRequest(random)), unusualHeaders(random)),
    (random) => ({
      method: random.pick(METHODS),
      path: random.pick(PATHS),
      headers: unusualHeaders(random),
    }),
    (random) => ({
      path: `/graphql?${unusualSearch(random, texts)}`,
      headers: unusualHeaders(random),
    }),
    (random) => ({ ...post(randomBytes(random)), headers: unusualHeaders(random) }),
  ];
}

function committedTexts({ operations }: BffDefinition): string[] {
  const files = readdirSync(operations).filter((file) => file.endsWith('.graphql'));
  return files.map((file) => readFileSync(new URL(file, operations), 'utf8'));
}

const CHARACTERS = '{}[]()"\\:,.$!@|&=# \n\t\0aA0_-é\u2028😀';

/** Cuts, duplicates, reverses, replaces or removes parts of a text. */
function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const from = random.below(mutated.length + 1);
    const to = from + random.below(8);
    const part = mutated.slice(from, to);
    const replacement = random.pick([
      '',
      part + part,
      random.pick(UNUSUAL_TEXTS),
      [...part].reverse().join(''),
      random.pick([...CHARACTERS]),
    ]);
    mutated = mutated.slice(0, from) + replacement + mutated.slice(to);
    if (random.chance(0.1)) mutated = mutated.slice(0, random.below(mutated.length + 1));
  }
  return mutated;
}

/** Swaps words, which results in valid GraphQL more often. */
function swapWords(text: string, random: Random): string {
  const words = text.split(/\b/);
  for (let swaps = 1 + random.below(3); swaps > 0; swaps--) {
    words[random.below(words.length)] = random.pick(words);
  }
  return words.join('');
}

/** Any JSON value. */
function anyJson(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick(UNUSUAL_NUMBERS);
  if (kind < 5) return random.pick(UNUSUAL_TEXTS);
  const length = random.below(4);
  if (kind === 5) return Array.from({ length }, () => anyJson(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length }, () => [unusualName(random), anyJson(random, depth + 1)]),
  );
}

const unusualName = (random: Random): string =>
  random.pick(['query', 'id', 'ids', 'input', 'first', 'after', 'status', ...UNUSUAL_TEXTS]);

/** An object with keys of a request and any values. */
function anyRequest(random: Random): Record<string, unknown> {
  const keys = ['query', 'variables', 'operationName', 'extensions', 'documentId', 'doc_id', 'id'];
  const chosen = keys.filter(() => random.chance(0.6));
  return Object.fromEntries(
    chosen.map((key) => {
      if (key === 'query' && random.chance(0.5)) return [key, '{ __typename }'];
      if (key === 'extensions' && random.chance(0.5)) {
        return [key, { persistedQuery: { version: anyJson(random), sha256Hash: anyJson(random) } }];
      }
      return [key, anyJson(random)];
    }),
  );
}

function unusualHeaders(random: Random): Record<string, string> {
  const chosen = HEADER_NAMES.filter(() => random.chance(0.15));
  return {
    ...Object.fromEntries(chosen.map((name) => [name, random.pick(HEADER_VALUES)])),
    ...(random.chance(0.7) && { 'content-type': random.pick(TYPES) }),
    ...(random.chance(0.5) && { accept: random.pick(ACCEPTS) }),
  };
}

function unusualSearch(random: Random, texts: readonly string[]): string {
  const names = ['query', 'variables', 'operationName', 'extensions', 'documentId', 'query[]', ''];
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const value = random.chance(0.5)
      ? random.pick([...UNUSUAL_TEXTS, ...texts])
      : JSON.stringify(anyJson(random));
    const text = value.isWellFormed() ? encodeURIComponent(value) : '%ED%A0%80';
    return `${random.pick(names)}${random.pick(['=', '', '=='])}${random.chance(0.2) ? mutate(text, random).replace(/[^!-~]/g, '') : text}`;
  });
  return parts.join('&').slice(0, 8_000);
}

const randomBytes = (random: Random): string =>
  Array.from({ length: random.below(64) }, () => String.fromCharCode(random.below(256))).join('');
