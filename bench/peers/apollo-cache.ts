import { cacheControlFromInfo } from '@apollo/cache-control-types';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import { startStandaloneServer } from '@apollo/server/standalone';
import responseCache from '@apollo/server-plugin-response-cache';
import { askWithGot } from './usual/ask.ts';
import { type Context, createContextMaker, createSchema } from './usual-schema.ts';

// The usual way with its own response cache, in memory, as its documentation has it.

const PUBLIC_SECONDS = 60;
const PRIVATE_SECONDS = 30;

const contextOf = createContextMaker(askWithGot);
const schema = createSchema({
  dashboard(_parent, _args, { viewer }, info) {
    cacheControlFromInfo(info).setCacheHint({ maxAge: PRIVATE_SECONDS, scope: 'PRIVATE' });
    return { id: viewer?.id };
  },
});
const server = new ApolloServer<Context>({
  schema,
  plugins: [
    ApolloServerPluginCacheControl({ defaultMaxAge: PUBLIC_SECONDS }),
    responseCache<Context>({
      sessionId: async ({ contextValue }) => contextValue.viewer?.id ?? null,
    }),
  ],
});
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: ({ req }) => contextOf(req.headers.authorization),
});
console.log(`listening on ${url}`);
