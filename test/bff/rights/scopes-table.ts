import { readFileSync } from 'node:fs';
import { SCOPES } from '../../../src/auth/rules.ts';

/** The scopes of a field: a client needs one of them; without any, the field is closed. */
export interface ScopeRow {
  /** Of a client that acts for a user. */
  readonly client: readonly string[];
  /** Of a server with an API key. */
  readonly key: readonly string[];
}

const FILE = 'test/bff/rights/scopes.txt';

/**
 * Reads the scopes of each guarded field, by "Type.field".
 * @throws Error that names the invalid line
 */
export function readScopes(): ReadonlyMap<string, ScopeRow> {
  const table = new Map<string, ScopeRow>();
  const text = readFileSync(new URL('scopes.txt', import.meta.url), 'utf8');
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [field = '', client, key, ...more] = line.split(/\s{2,}/);
    if (!client || !key || more.length > 0 || table.has(field)) {
      throw new Error(`${FILE}: invalid or duplicate row: ${line}`);
    }
    table.set(field, { client: toScopes(client), key: toScopes(key) });
  }
  return table;
}

function toScopes(cell: string): readonly string[] {
  const scopes = cell === 'never' ? [] : cell.split('|');
  const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new Error(`${FILE}: unknown scope ${unknown}`);
  return scopes;
}

/** Selects the fewest scopes that contain one of each list. */
export function minimalScopes(lists: readonly (readonly string[])[]): string[] {
  const selected = new Set<string>();
  // The last fields need one scope, which may be one of several that the first fields accept.
  for (const [first, ...rest] of [...lists].reverse()) {
    if (first && ![first, ...rest].some((scope) => selected.has(scope))) selected.add(first);
  }
  return [...selected];
}

export const allExcept = (scopes: readonly string[]): string[] =>
  SCOPES.filter((scope) => !scopes.includes(scope));
