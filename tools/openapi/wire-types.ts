import openapi, { astToString } from 'openapi-typescript';

/** The wire types that an OpenAPI description declares, as TypeScript. */
export async function wireTypes(description: URL): Promise<string> {
  return astToString(await openapi(description, { alphabetize: true }));
}
