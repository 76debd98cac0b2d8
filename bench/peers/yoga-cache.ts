import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { useResponseCache } from '@graphql-yoga/plugin-response-cache';
import { createYoga } from 'graphql-yoga';
import { ANNOUNCEMENTS_QUERY } from '../workloads/announcements.ts';
import { hashOf } from '../workloads/operation.ts';
import { listen } from './listen.ts';
import { askWithGot } from './usual/ask.ts';
import { createContextMaker, createSchema } from './usual-schema.ts';

// Yoga with its own response cache, in memory; it knows its operations from the start. What is
// stored is for everyone.

const PUBLIC_MS = 60_000;
const operations = new Map([[hashOf(ANNOUNCEMENTS_QUERY), ANNOUNCEMENTS_QUERY]]);

const contextOf = createContextMaker(askWithGot);

const yoga = createYoga({
  schema: createSchema(),
  context: ({ request }) => contextOf(request.headers.get('authorization') ?? undefined),
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
listen(yoga);
