import type { LoadRequest } from '../harness/load.ts';
import { createRace } from '../harness/race.ts';
import { send } from '../harness/send.ts';
import { ANNOUNCEMENTS_QUERY, expectedAnnouncements } from './announcements.ts';
import { asText, byHash } from './operation.ts';
import type { Probe } from './workload.ts';

const text = asText(ANNOUNCEMENTS_QUERY)();
const hashed = byHash(ANNOUNCEMENTS_QUERY);

export const getHit = async () => [hashed.get()];

/** One public answer that is stored. */
export const hits = createRace({
  peers: ['frontdesk', 'apollo-cache', 'yoga-cache', 'fastify-constant'],
  baselines: ['fastify-constant', 'apollo-cache'],
  schema: 'mobile',
  env: {},
  modes: {
    get: {
      title: 'Hits, public: GET by hash, 64 connections',
      connections: 64,
      requests: getHit,
    },
    post: {
      title: 'Hits, public: POST of the text, 64 connections',
      connections: 64,
      requests: async () => [text],
    },
    'get-304': {
      title: 'Hits, public: GET by hash with the current ETag, 64 connections',
      connections: 64,
      requests: async (origin) => [await revalidation(origin)],
    },
  },
  probes: () => hitProbes(),
});

/** Asks whether the answer is still the one that this peer gives now. */
async function revalidation(origin: string): Promise<LoadRequest> {
  const etag = (await send(origin, hashed.get())).headers.get('etag');
  if (etag === null) throw new Error('its answers have no ETag');
  const request = hashed.get(undefined, { 'if-none-match': etag });
  const { status } = await send(origin, request);
  if (status !== 304) throw new Error(`it answers its own ETag with ${status}`);
  return { ...request, status };
}

/** Each question twice, so that the stored answers are compared as well. */
export async function hitProbes(): Promise<Probe[]> {
  const questions = {
    'the text': text,
    'the text again': text,
    'text and hash': hashed.teach(),
    'the hash': hashed.get(),
    'the hash again': hashed.get(),
  };
  return Object.entries(questions).map(([what, request]) => ({
    what,
    request,
    expected: expectedAnnouncements,
  }));
}
