import { createHash } from 'node:crypto';
import type { LoadRequest } from '../harness/load.ts';

type Headers = Readonly<Record<string, string>>;

const PATH = '/graphql';
/** Apollo Server requires the second header, which forces a browser to send a CORS preflight. */
const GET_HEADERS = { accept: 'application/json', 'apollo-require-preflight': 'true' };

const post = (body: unknown, headers: Headers): LoadRequest => ({
  method: 'POST',
  path: PATH,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

export const sha256Hex = (query: string): string =>
  createHash('sha256').update(query).digest('hex');

/** Creates POST requests with the text of a query. */
export const postQuery =
  (query: string, variables?: object) =>
  (headers: Headers = {}): LoadRequest =>
    post({ query, variables }, headers);

/** Creates requests for a query by the hash of its text (automatic persisted queries). */
export function persistedQuery(query: string) {
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256Hex(query) } };
  const encodedExtensions = encodeURIComponent(JSON.stringify(extensions));

  return {
    /** A POST with text and hash, which registers the query. */
    register: (headers: Headers = {}): LoadRequest => post({ query, extensions }, headers),

    get(variables?: object, headers: Headers = {}): LoadRequest {
      const suffix = variables ? `&variables=${encodeURIComponent(JSON.stringify(variables))}` : '';
      const path = `${PATH}?extensions=${encodedExtensions}${suffix}`;
      return { method: 'GET', path, headers: { ...GET_HEADERS, ...headers } };
    },
  };
}
