import { createComparison } from '../harness/comparison.ts';
import { ANNOUNCEMENTS_QUERY, expectedAnnouncements } from './announcements.ts';
import { postQuery } from './graphql-requests.ts';

const request = postQuery(ANNOUNCEMENTS_QUERY)();
const requests = async () => [request];

/** One public query from all connections at the same time; nothing is stored. */
export const hotQuery = createComparison({
  peers: ['frontdesk', 'apollo-got', 'fastify-constant'],
  baselines: ['fastify-constant', 'apollo-got'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  upstreamPaths: ['/announcements'],
  modes: {
    hot: {
      title: 'One hot query: 100 connections, nothing stored',
      connections: 100,
      reportsMaxOpenCalls: true,
      requests,
    },
    'hot-delayed': {
      title: 'One hot query: 100 connections, nothing stored, upstream delay of 10 ms',
      connections: 100,
      delays: { user: 10, order: 10, notification: 10 },
      peers: ['frontdesk', 'apollo-got'],
      reportsMaxOpenCalls: true,
      requests,
    },
  },
  probes: async () => [{ name: 'announcements', request, expected: expectedAnnouncements }],
});
