import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { findBreaks } from './openapi/breaks.ts';
import { readDocument } from './openapi/document.ts';
import { findUsage } from './openapi/usage.ts';
import { wireTypes } from './openapi/wire-types.ts';
import { ROOT } from './tree.ts';

// node tools/service-contracts.ts   compares services/*/openapi.yaml with what the datasources use of
// them. The types in src/datasources/generated/ are the documents that the datasources were written for.

const descriptionOf = (service: string): string => `services/${service}/openapi.yaml`;
const typesOf = (service: string): URL => new URL(`src/datasources/generated/${service}.ts`, ROOT);

/**
 * Finds the changes of the services' documents that break a datasource.
 * @param documents - by service, instead of services/<service>/openapi.yaml
 * @returns one line for each, such as `services/order/openapi.yaml: GET /orders: Order.total is gone (…)`
 */
export async function findServiceBreaks(
  documents: Readonly<Record<string, URL | object>> = {},
): Promise<string[]> {
  const root = fileURLToPath(ROOT);
  const files = globSync('src/datasources/*.ts', { cwd: root }).map((file) => `${root}${file}`);
  const usage = findUsage(files, root);
  const breaks = Object.keys(UPSTREAMS).map(async (service) => {
    const used = usage.get(service);
    // A service that has just been added has no types yet.
    if (!used || !existsSync(typesOf(service))) return [];
    const before = readDocument(readFileSync(typesOf(service), 'utf8'));
    const document = documents[service] ?? new URL(descriptionOf(service), ROOT);
    const after = readDocument(await wireTypes(document));
    return findBreaks(used, before, after).map((line) => `${descriptionOf(service)}: ${line}`);
  });
  return (await Promise.all(breaks)).flat();
}

if (import.meta.main) {
  const breaks = await findServiceBreaks();
  for (const line of breaks) console.error(line);
  if (breaks.length > 0) process.exitCode = 1;
}
