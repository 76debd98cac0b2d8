import { createYoga } from 'graphql-yoga';
import { listen } from './listen.ts';
import { createUndiciAsk } from './usual/ask.ts';
import { createContextMaker, createSchema } from './usual-schema.ts';

// Yoga without a cache, over node:http, asking with undici.

const contextOf = createContextMaker(createUndiciAsk());

listen(
  createYoga({
    schema: createSchema(),
    context: ({ request }) => contextOf(request.headers.get('authorization') ?? undefined),
    graphiql: false,
    logging: false,
  }),
);
