import { createHash } from 'node:crypto';
import type { LoadRequest } from '../harness/load.ts';

type Headers = Readonly<Record<string, string>>;

const PATH = '/graphql';
/** Apollo Server wants the second one, so that no browser sends a request without asking first. */
const GET_HEADERS = { accept: 'application/json', 'apollo-require-preflight': 'true' };

const post = (body: unknown, headers: Headers): LoadRequest => ({
  method: 'POST',
  path: PATH,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** What a text is known by. */
export const hashOf = (query: string): string => createHash('sha256').update(query).digest('hex');

/** Asks a query by its text. */
export const asText =
  (query: string, variables?: object) =>
  (headers: Headers = {}): LoadRequest =>
    post({ query, variables }, headers);

/** Asks a query by the hash of its text, as automatic persisted queries are. */
export function byHash(query: string) {
  const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(query) } };
  const parameter = encodeURIComponent(JSON.stringify(extensions));

  return {
    /** Tells text and hash, so that the server knows it from then on. */
    teach: (headers: Headers = {}): LoadRequest => post({ query, extensions }, headers),

    get(variables?: object, headers: Headers = {}): LoadRequest {
      const given = variables ? `&variables=${encodeURIComponent(JSON.stringify(variables))}` : '';
      const path = `${PATH}?extensions=${parameter}${given}`;
      return { method: 'GET', path, headers: { ...GET_HEADERS, ...headers } };
    },
  };
}
