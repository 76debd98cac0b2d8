import type { Fault } from './faults.ts';

// Wrong answers as text. Each is made of the right one, so that only a look at every value, or at
// every key, tells them apart.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const UNSPOILT = new Set(['id', 'userId']);
/** Parsed, because `__proto__` in an object literal would not be a key. */
const POISON = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
) as { [key: string]: Json };

export const HTML = `<!doctype html>
<html lang="en"><head><title>Welcome</title></head>
<body><h1>Sign in to the network</h1><p>{"code":"not_json"}</p></body></html>
`;

export function toMalformed(kind: NonNullable<Fault['malformed']>, text: string): string {
  if (kind === 'shape') return JSON.stringify({ unexpected: [1, 'two', null] });
  if (kind === 'types') return JSON.stringify(withWrongTypes(JSON.parse(text) as Json));
  return half(text);
}

export function toPoisoned(text: string): string {
  return JSON.stringify(
    JSON.parse(text, (_key, value: Json) => (isObject(value) ? { ...POISON, ...value } : value)),
  );
}

export const half = (text: string): string =>
  text.slice(0, Math.max(1, Math.floor(text.length / 2)));

function withWrongTypes(value: Json): Json {
  if (Array.isArray(value)) return value.map(withWrongTypes);
  if (!isObject(value)) return toWrongLeaf(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (UNSPOILT.has(key)) return [key, each];
      return [key, isObject(each) ? [Object.values(each)] : withWrongTypes(each)];
    }),
  );
}

function toWrongLeaf(leaf: null | boolean | number | string): Json {
  if (leaf === null) return false;
  return typeof leaf === 'string' ? null : String(leaf);
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
