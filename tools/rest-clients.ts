import { loadCommittedOperations } from '../src/operations/index.ts';
import { describeApi } from '../src/protocols/rest/openapi.ts';
import { buildSchema } from '../src/server/build-schema.ts';
import { readRestApi } from '../src/server/rest-api.ts';
import { type GeneratedFile, header } from './generate.ts';
import { wireTypes } from './openapi/wire-types.ts';
import { bffNames, loadBff } from './tree.ts';

/** Generates the types of a client of each BFF with a REST API. */
export async function generateClients(): Promise<GeneratedFile[]> {
  return (await Promise.all(bffNames().map(generateClient))).flat();
}

async function generateClient(name: string): Promise<GeneratedFile[]> {
  const bff = await loadBff(name);
  const schema = buildSchema(bff);
  const api = readRestApi(bff, schema, loadCommittedOperations(bff.operations, schema));
  if (api.routes.length === 0) return [];
  const content = header(`bff-${name}/operations/`) + (await wireTypes(describeApi(api)));
  return [{ path: `test/protocols/rest/generated/${name}.ts`, content }];
}
