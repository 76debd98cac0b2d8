import { readdirSync } from 'node:fs';
import type { BffDefinition } from '../src/bff.ts';

export const ROOT = new URL('..', import.meta.url);

/** The BFFs: each folder bff-<name>. */
export const bffNames = (): string[] =>
  readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('bff-'))
    .map(({ name }) => name.slice('bff-'.length));

/** @throws Error if bff-<name>/bff.ts does not export its definition under its name */
export async function loadBff(name: string): Promise<BffDefinition> {
  const definitions = await import(new URL(`bff-${name}/bff.ts`, ROOT).href);
  if (definitions[name]?.name === name) return definitions[name];
  throw new Error(`bff-${name}/bff.ts must export a definition "${name}" with that name`);
}
