import type { Fault } from './faults.ts';

// Damaged responses. Each is derived from the correct one, so that a client detects it only by
// checking every value or every key.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const INTACT_KEYS = new Set(['id', 'userId']);
/** Parsed, because `__proto__` in an object literal sets the prototype instead of a key. */
const PROTOTYPE_KEYS = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
) as { [key: string]: Json };

export const OTHER_SHAPE = JSON.stringify({ unexpected: [1, 'two', null] });

export const HTML = `<!doctype html>
<html lang="en"><head><title>Welcome</title></head>
<body><h1>Sign in to the network</h1><p>{"code":"not_json"}</p></body></html>
`;

export function toMalformed(kind: NonNullable<Fault['malformed']>, json: string): string {
  if (kind === 'shape') return OTHER_SHAPE;
  if (kind === 'types') return JSON.stringify(withWrongTypes(JSON.parse(json) as Json));
  return firstHalf(json);
}

/** Adds `__proto__` and `constructor` to every object. */
export function withPrototypeKeys(json: string): string {
  return JSON.stringify(
    JSON.parse(json, (_key, value: Json) =>
      isObject(value) ? { ...PROTOTYPE_KEYS, ...value } : value,
    ),
  );
}

export const firstHalf = (text: string): string =>
  text.slice(0, Math.max(1, Math.floor(text.length / 2)));

function withWrongTypes(value: Json): Json {
  if (Array.isArray(value)) return value.map(withWrongTypes);
  if (!isObject(value)) return toWrongType(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (INTACT_KEYS.has(key)) return [key, each];
      return [key, isObject(each) ? [Object.values(each)] : withWrongTypes(each)];
    }),
  );
}

function toWrongType(scalar: null | boolean | number | string): Json {
  if (scalar === null) return false;
  return typeof scalar === 'string' ? null : String(scalar);
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
