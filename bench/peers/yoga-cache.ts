import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { useResponseCache } from '@graphql-yoga/plugin-response-cache';
import { createYoga } from 'graphql-yoga';
import { ANNOUNCEMENTS_QUERY } from '../workloads/announcements.ts';
import { hashOf } from '../workloads/operation.ts';
import { createContext, createSchema } from './usual-schema.ts';

// Yoga with its own response cache, in memory; it knows its operations from the start. What is
// stored is for everyone.

const PUBLIC_MS = 60_000;
const operations = new Map([[hashOf(ANNOUNCEMENTS_QUERY), ANNOUNCEMENTS_QUERY]]);

const yoga = createYoga({
  schema: createSchema(),
  context: ({ request }) => createContext(request.headers.get('authorization') ?? undefined),
  graphiql: false,
  logging: false,
  plugins: [
    usePersistedOperations({
      allowArbitraryOperations: true,
      getPersistedOperation: (hash) => operations.get(hash) ?? null,
    }),
    useResponseCache({ session: () => null, ttl: PUBLIC_MS }),
  ],
});
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on http://127.0.0.1:${port}/graphql`);
});
process.once('SIGTERM', () => process.exit());
