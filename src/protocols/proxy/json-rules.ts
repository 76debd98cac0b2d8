import type { JsonRules } from './proxy-route.ts';

type Change = (owner: Record<string, unknown>, field: string) => void;

/** In Node, but not yet in TypeScript's types. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** Without a byte order mark, which some services send (RFC 8259 §8.1). */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Numbers that JavaScript cannot represent stay as they are. */
const reviver = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source
    ? rawJSON(source)
    : value;

/**
 * Creates a function that changes a JSON body.
 * @throws Error for an empty path
 */
export function createJsonChange({ remove = [], rename = {} }: JsonRules) {
  const changes: [path: readonly string[], change: Change][] = [
    ...remove.map((path): [string[], Change] => [
      split(path),
      (owner, field) => void delete owner[field],
    ]),
    ...Object.entries(rename).map(([path, name]): [string[], Change] => [
      split(path),
      (owner, field) => {
        const { [field]: value } = owner;
        delete owner[field];
        Object.defineProperty(owner, name, { ...OWN, value });
      },
    ]),
  ];

  /** @throws SyntaxError for bytes that are not JSON in UTF-8; RangeError if it is nested too deeply */
  return (bytes: Uint8Array): string => {
    const body: unknown = JSON.parse(decode(bytes), reviver as never);
    for (const [path, change] of changes) apply(body, path, change);
    return JSON.stringify(body);
  };
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new SyntaxError('not UTF-8', { cause });
  }
}

/** Also for a field `__proto__`, which an assignment would not create. */
const OWN = { configurable: true, enumerable: true, writable: true };

function apply(value: unknown, path: readonly string[], change: Change): void {
  if (Array.isArray(value)) {
    for (const item of value) apply(item, path, change);
    return;
  }
  const [field = '', ...rest] = path;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return;
  const owner = value as Record<string, unknown>;
  if (rest.length === 0) change(owner, field);
  else apply(owner[field], rest, change);
}

function split(path: string): string[] {
  const fields = path.split('.');
  if (fields.includes('')) throw new Error(`"${path}" is no path of a field`);
  return fields;
}
