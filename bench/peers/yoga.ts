import { createYoga } from 'graphql-yoga';
import { createUndiciGetJson } from './conventional/get-json.ts';
import { createContextFactory, createSchema } from './conventional/schema.ts';
import { listen } from './listen.ts';

// Yoga without a cache, over node:http, with undici as its HTTP client.

const createContext = createContextFactory(createUndiciGetJson());

listen(
  createYoga({
    schema: createSchema(),
    context: ({ request }) => createContext(request.headers.get('authorization') ?? undefined),
    graphiql: false,
    logging: false,
  }),
);
