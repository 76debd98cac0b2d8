import { createComparison } from '../harness/comparison.ts';
import type { LoadRequest } from '../harness/load.ts';
import { send } from '../harness/send.ts';
import { ANNOUNCEMENTS_QUERY, expectedAnnouncements } from './announcements.ts';
import { persistedQuery, postQuery } from './graphql-requests.ts';
import type { Probe } from './workload.ts';

const postByText = postQuery(ANNOUNCEMENTS_QUERY)();
const operation = persistedQuery(ANNOUNCEMENTS_QUERY);

export const createHitByHash = async () => [operation.get()];

const PEERS = ['frontdesk', 'apollo-cache', 'yoga-cache', 'fastify-constant'];
/** Frontdesk behind a shared cache, which answers instead of it. */
const EDGES = ['frontdesk-nginx', 'frontdesk-varnish'];

/** One public answer that is stored in the cache. */
export const publicHits = createComparison({
  peers: [...PEERS, ...EDGES],
  baselines: ['fastify-constant', 'apollo-cache'],
  schema: 'mobile',
  env: {},
  modes: {
    get: {
      title: 'Public hits: GET by hash, 64 connections',
      connections: 64,
      requests: createHitByHash,
    },
    post: {
      title: 'Public hits: POST of the text, 64 connections',
      connections: 64,
      peers: PEERS,
      requests: async () => [postByText],
    },
    'get-304': {
      title: 'Public hits: GET by hash with the current ETag, 64 connections',
      connections: 64,
      // The Apollo plugin sends no ETag, and what Yoga answers is not always a 304.
      peers: ['frontdesk', 'fastify-constant'],
      requests: async (origin) => [await createRevalidation(origin)],
    },
  },
  probes: () => hitProbes(),
});

/** Creates a conditional request with the peer's current ETag. @throws Error if the peer does not send a 304 */
async function createRevalidation(origin: string): Promise<LoadRequest> {
  const etag = (await send(origin, operation.get())).headers.get('etag');
  if (etag === null) throw new Error('it sends no ETag');
  const request = operation.get(undefined, { 'if-none-match': etag });
  const { status } = await send(origin, request);
  if (status !== 304) throw new Error(`it returns ${status} to its own ETag`);
  return { ...request, expectedStatus: status };
}

/** Each request twice, so that the stored answers are verified too. */
export async function hitProbes(): Promise<Probe[]> {
  const requests = {
    'the text': postByText,
    'the text again': postByText,
    'text and hash': operation.register(),
    'the hash': operation.get(),
    'the hash again': operation.get(),
  };
  return Object.entries(requests).map(([name, request]) => ({
    name,
    request,
    expected: expectedAnnouncements,
  }));
}
