import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { getJsonWithGot } from './conventional/get-json.ts';
import { type Context, createContextFactory, createSchema } from './conventional/schema.ts';

// The conventional stack without a cache.

const createContext = createContextFactory(getJsonWithGot);
const server = new ApolloServer<Context>({ schema: createSchema() });
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: ({ req }) => createContext(req.headers.authorization),
});
console.log(`listening on ${url}`);
