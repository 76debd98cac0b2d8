import { createRace } from '../harness/race.ts';
import { ANNOUNCEMENTS_QUERY, expectedAnnouncements } from './announcements.ts';
import { asText } from './operation.ts';

const request = asText(ANNOUNCEMENTS_QUERY)();
const requests = async () => [request];

/** One public query that everybody asks at once, and nothing is stored. */
export const hot = createRace({
  peers: ['frontdesk', 'apollo-got'],
  baselines: ['apollo-got'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  delays: { user: 10, order: 10, notification: 10 },
  bare: ['/announcements'],
  modes: {
    hot: {
      title: 'One hot query: 100 connections, nothing is stored',
      connections: 100,
      atOnce: true,
      requests,
    },
    'hot-delayed': {
      title: 'One hot query: 100 connections, nothing is stored, an upstream that takes 10 ms',
      connections: 100,
      delayed: true,
      atOnce: true,
      requests,
    },
  },
  probes: async () => [{ what: 'announcements', request, expected: expectedAnnouncements }],
});
