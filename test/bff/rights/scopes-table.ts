import { readFileSync } from 'node:fs';
import { SCOPES } from '../../../src/auth/rules.ts';

/** What another party needs for a field: one of the scopes; nothing helps if there are none. */
export interface Demand {
  readonly client: readonly string[];
  readonly key: readonly string[];
}

const FILE = new URL('scopes.txt', import.meta.url);

/**
 * What each field demands, by "Type.field".
 * @throws Error that names the line which does not read as a row of its own
 */
export function readScopes(): ReadonlyMap<string, Demand> {
  const table = new Map<string, Demand>();
  for (const line of readFileSync(FILE, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [field = '', client, key, ...more] = line.split(/\s{2,}/);
    if (!client || !key || more.length > 0 || table.has(field)) {
      throw new Error(`rights/scopes.txt does not read as a row of its own: ${line}`);
    }
    table.set(field, { client: toScopes(client), key: toScopes(key) });
  }
  return table;
}

function toScopes(cell: string): readonly string[] {
  const scopes = cell === 'never' ? [] : cell.split('|');
  const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new Error(`rights/scopes.txt: there is no scope ${unknown}`);
  return scopes;
}

/** The fewest scopes with which every one of the demands is met. */
export function enoughFor(demands: readonly (readonly string[])[]): string[] {
  const enough = new Set<string>();
  // From the end, where it is one scope, to the beginning, where it is one of several.
  for (const demand of [...demands].reverse()) {
    if (!demand.some((scope) => enough.has(scope)))
      for (const scope of demand.slice(0, 1)) enough.add(scope);
  }
  return [...enough];
}

/** All scopes but those. */
export const allBut = (scopes: readonly string[]): string[] =>
  SCOPES.filter((scope) => !scopes.includes(scope));
