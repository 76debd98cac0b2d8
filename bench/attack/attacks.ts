import { gzipSync } from 'node:zlib';
import { web } from '../../bff-web/bff.ts';
import { costAttacksOn } from '../../test/attack/cost-documents.ts';
import { posted, type Sent } from '../../test/attack/send.ts';

/** One request that costs the server more than the attacker. */
export interface Attack {
  readonly name: string;
  /** @param round - makes the text one that was never seen before */
  readonly request: (endpoint: string, round: number) => Sent;
}

const MEGABYTE = 1_000_000;
const HARMLESS = { query: '{ __typename }' };

const documents: Attack[] = costAttacksOn(web)
  .filter(({ name }) => !/list of 1,000,000|fields that exist|lists in lists/.test(name))
  .map(({ name, document, size, operationName }) => ({
    name,
    request: (endpoint, round) =>
      posted(endpoint, { query: `${document(size)} # ${round}`, operationName }),
  }));

const bodies: Attack[] = [
  {
    name: '10 MB of a document',
    request: (endpoint) =>
      posted(endpoint, { query: `{ __typename } #${'x'.repeat(10 * MEGABYTE)}` }),
  },
  {
    name: '10 MB of variables',
    request: (endpoint) =>
      posted(endpoint, { ...HARMLESS, variables: { a: 'x'.repeat(10 * MEGABYTE) } }),
  },
  {
    name: 'an array of 10,000 operations',
    request: (endpoint) =>
      posted(
        endpoint,
        Array.from({ length: 10_000 }, () => HARMLESS),
      ),
  },
  {
    name: '20 MB packed into 20 kB',
    request: (endpoint) =>
      posted(
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
      posted(endpoint, { ...HARMLESS, operationName: 'x'.repeat(MEGABYTE / 2) }),
  },
];

export const ATTACKS: readonly Attack[] = [...documents, ...bodies];
