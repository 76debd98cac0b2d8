import { gzipSync } from 'node:zlib';
import { web } from '../../bff-web/bff.ts';
import { expensiveDocumentsFor } from '../../test/attack/expensive-documents.ts';
import { type HttpRequest, jsonPost } from '../../test/attack/http-client.ts';

/** A request that costs the server more than the attacker. */
export interface Attack {
  readonly name: string;
  /** @param round - makes each document new to the server */
  readonly request: (endpoint: string, round: number) => HttpRequest;
}

const MEGABYTE = 1_000_000;
const HARMLESS = { query: '{ __typename }' };

/** Attacks that need the product's own fields or variables are left out. */
const EXCLUDED = /list of 1,000,000|existing fields|nested lists/;

const documents: Attack[] = expensiveDocumentsFor(web)
  .filter(({ name }) => !EXCLUDED.test(name))
  .map(({ name, document, size, operationName }) => ({
    name,
    request: (endpoint, round) =>
      jsonPost(endpoint, { query: `${document(size)} # ${round}`, operationName }),
  }));

const bodies: Attack[] = [
  {
    name: 'a document of 10 MB',
    request: (endpoint) =>
      jsonPost(endpoint, { query: `{ __typename } #${'x'.repeat(10 * MEGABYTE)}` }),
  },
  {
    name: 'variables of 10 MB',
    request: (endpoint) =>
      jsonPost(endpoint, { ...HARMLESS, variables: { a: 'x'.repeat(10 * MEGABYTE) } }),
  },
  {
    name: 'an array of 10,000 operations',
    request: (endpoint) =>
      jsonPost(
        endpoint,
        Array.from({ length: 10_000 }, () => HARMLESS),
      ),
  },
  {
    name: '20 MB compressed to 20 kB',
    request: (endpoint) =>
      jsonPost(
        endpoint,
        gzipSync(JSON.stringify({ query: `{ __typename } #${' '.repeat(20 * MEGABYTE)}` })),
        {
          'content-encoding': 'gzip',
        },
      ),
  },
  {
    name: 'an operation name of 500 kB',
    request: (endpoint) =>
      jsonPost(endpoint, { ...HARMLESS, operationName: 'x'.repeat(MEGABYTE / 2) }),
  },
];

export const ATTACKS: readonly Attack[] = [...documents, ...bodies];
