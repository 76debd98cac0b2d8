import openapi, { astToString, type OpenAPI3 } from 'openapi-typescript';

/**
 * The wire types that an OpenAPI description declares, as TypeScript.
 * @param description - its URL, or the description itself
 */
export async function wireTypes(description: URL | object): Promise<string> {
  return astToString(await openapi(description as URL | OpenAPI3, { alphabetize: true }));
}
