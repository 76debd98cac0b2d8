import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { Executed } from '../cache/index.ts';
import type { RequestContext } from '../context.ts';
import { searchOf } from './graphql-request.ts';

/** What Apollo Server answers, with the headers that it chose. */
export interface EngineAnswer extends Executed {
  readonly headers: Readonly<Record<string, string>>;
}

export type Engine = (request: FastifyRequest, context: RequestContext) => Promise<EngineAnswer>;

/** Lets Apollo Server execute an HTTP request (GraphQL over HTTP, draft of 2025). */
export function createEngine(apollo: ApolloServer<RequestContext>): Engine {
  return async (request, context) => {
    const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method === 'HEAD' ? 'GET' : request.method,
        headers: headersOf(request),
        search: searchOf(request.url),
        body: request.body,
      },
      context: async () => context,
    });
    if (body.kind !== 'complete') throw new Error('Incremental delivery is not supported');
    return { status: status ?? 200, headers: Object.fromEntries(headers), body: body.string };
  };
}

function headersOf({ headers }: FastifyRequest): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
