import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { useResponseCache } from '@graphql-yoga/plugin-response-cache';
import { createYoga } from 'graphql-yoga';
import { ANNOUNCEMENTS_QUERY } from '../workloads/announcements.ts';
import { sha256Hex } from '../workloads/graphql-requests.ts';
import { getJsonWithGot } from './conventional/get-json.ts';
import { createContextFactory, createSchema } from './conventional/schema.ts';
import { listen } from './listen.ts';

// Yoga with its response cache in memory and its persisted operations registered at the start. Stored
// answers are shared by all users.

const MAX_AGE_MS = 60_000;
const operations = new Map([[sha256Hex(ANNOUNCEMENTS_QUERY), ANNOUNCEMENTS_QUERY]]);

const createContext = createContextFactory(getJsonWithGot);

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
    useResponseCache({ session: () => null, ttl: MAX_AGE_MS }),
  ],
});
listen(yoga);
