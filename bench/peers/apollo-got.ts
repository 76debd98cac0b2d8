import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { askWithGot } from './usual/ask.ts';
import { type Context, createContextMaker, createSchema } from './usual-schema.ts';

// The usual way without a cache.

const contextOf = createContextMaker(askWithGot);
const server = new ApolloServer<Context>({ schema: createSchema() });
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: ({ req }) => contextOf(req.headers.authorization),
});
console.log(`listening on ${url}`);
