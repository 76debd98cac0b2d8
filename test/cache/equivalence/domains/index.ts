import { readdirSync } from 'node:fs';
import type { Domain } from '../domain.ts';

const files = readdirSync(new URL('./', import.meta.url)).filter((name) => name !== 'index.ts');

/** The domains that this folder has a file for. */
export const DOMAINS: readonly Domain[] = await Promise.all(
  files.sort().map(async (name) => (await import(`./${name}`)).domain),
);

/** Ids for arguments without candidates of their own, of all domains. */
export async function seededIds(): Promise<string[]> {
  const ids = await Promise.all(DOMAINS.map(async (domain) => (await domain.seededIds?.()) ?? []));
  return ids.flat();
}
