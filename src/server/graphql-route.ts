import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '../context.ts';
import type { ContextFactory } from './context-factory.ts';

/**
 * Lets Apollo Server answer an HTTP request (GraphQL over HTTP, draft of 2025).
 * @param contextOf - what the request carries; what it throws is answered by the error handler
 */
export function createGraphqlHandler(
  apollo: ApolloServer<RequestContext>,
  contextOf: ContextFactory,
) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const context = await contextOf(request, reply);
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method,
        headers: headersOf(request),
        search: searchOf(request.url),
        body: request.body,
      },
      context: async () => context,
    });
    if (answer.body.kind !== 'complete') throw new Error('Incremental delivery is not supported');
    reply.code(answer.status ?? 200).headers(Object.fromEntries(answer.headers));
    return withRequestId(answer.body.string, reply.statusCode, request.id);
  };
}

function headersOf({ headers }: FastifyRequest): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}

/** Apollo Server refuses some requests before any of its plugins is asked. */
function withRequestId(body: string, status: number, requestId: string): string {
  if (status < 400 || body.includes('"requestId"')) return body;
  const answer: { errors?: { extensions: object }[] } = JSON.parse(body);
  for (const error of answer.errors ?? []) error.extensions = { ...error.extensions, requestId };
  return JSON.stringify(answer);
}
