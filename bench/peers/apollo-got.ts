import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { type Context, createContext, createSchema } from './usual-schema.ts';

// The usual way without a cache.

const server = new ApolloServer<Context>({ schema: createSchema() });
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: async ({ req }) => createContext(req.headers.authorization),
});
console.log(`listening on ${url}`);
