import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { addResolversToSchema, makeExecutableSchema } from '@graphql-tools/schema';

// Apollo Server with the defaults of its getting-started page, on the web BFF's schema, with data that
// costs nothing to load.

const SDL = new URL('../../bff-web/schema.graphql', import.meta.url);
const user = { id: '42', name: 'Amara Okafor', locale: 'en', email: 'amara@shop.example' };
const order = { id: '1', status: 'PLACED', customer: user, items: [] };

const schema = addResolversToSchema({
  schema: makeExecutableSchema({ typeDefs: readFileSync(SDL, 'utf8') }),
  resolvers: {
    Query: {
      profile: () => user,
      order: () => order,
      announcements: () => Array.from({ length: 12 }, (_, n) => ({ id: String(n), title: 'News' })),
    },
    User: {
      orders: (_user: unknown, { first }: { first: number }) => ({
        edges: Array.from({ length: Math.min(first, 50) }, (_, n) => ({
          cursor: String(n),
          node: order,
        })),
      }),
    },
  },
});

const { url } = await startStandaloneServer(new ApolloServer({ schema }), {
  listen: { host: '127.0.0.1', port: 0 },
});
console.log(`listening on ${url}`);
