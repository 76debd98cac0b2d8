import { cacheControlFromInfo } from '@apollo/cache-control-types';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import { startStandaloneServer } from '@apollo/server/standalone';
import responseCache from '@apollo/server-plugin-response-cache';
import { getJsonWithGot } from './conventional/get-json.ts';
import { type Context, createContextFactory, createSchema } from './conventional/schema.ts';

// The conventional stack with Apollo's response cache in memory, as documented.

const PUBLIC_MAX_AGE_SECONDS = 60;
const PRIVATE_MAX_AGE_SECONDS = 30;

const createContext = createContextFactory(getJsonWithGot);
const schema = createSchema({
  dashboard(_parent, _args, { viewer }, info) {
    cacheControlFromInfo(info).setCacheHint({ maxAge: PRIVATE_MAX_AGE_SECONDS, scope: 'PRIVATE' });
    return { id: viewer?.id };
  },
});
const server = new ApolloServer<Context>({
  schema,
  plugins: [
    ApolloServerPluginCacheControl({ defaultMaxAge: PUBLIC_MAX_AGE_SECONDS }),
    responseCache<Context>({
      sessionId: async ({ contextValue }) => contextValue.viewer?.id ?? null,
    }),
  ],
});
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: ({ req }) => createContext(req.headers.authorization),
});
console.log(`listening on ${url}`);
