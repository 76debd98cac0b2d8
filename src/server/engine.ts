import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { Executed } from '../cache/index.ts';
import type { RequestContext } from '../context.ts';
import type { Asked, PreparedOperation } from '../operations/index.ts';

/** What Apollo Server answers, with the headers that it chose. */
export interface EngineAnswer extends Executed {
  readonly headers: Readonly<Record<string, string>>;
}

export interface Engine {
  /** Executes an operation. @param mediaType - of the answer */
  readonly execute: (
    prepared: PreparedOperation,
    asked: Asked,
    mediaType: string,
    context: RequestContext,
  ) => Promise<EngineAnswer>;
  /** The page for those who come with a browser. */
  readonly page: (request: FastifyRequest) => Promise<EngineAnswer>;
}

/** A page is not executed. */
const NOBODY = {} as RequestContext;

/** Lets Apollo Server execute what was found to be well-formed, valid and within the limits. */
export function createEngine(apollo: ApolloServer<RequestContext>): Engine {
  async function ask(
    httpGraphQLRequest: Parameters<
      typeof apollo.executeHTTPGraphQLRequest
    >[0]['httpGraphQLRequest'],
    context: RequestContext,
  ): Promise<EngineAnswer> {
    const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest,
      context: async () => context,
    });
    if (body.kind !== 'complete') throw new Error('Incremental delivery is not supported');
    return { status: status ?? 200, headers: Object.fromEntries(headers), body: body.string };
  }

  return {
    execute({ operation: { source }, variables }, { operationName }, mediaType, context) {
      const headers = headersOf({ accept: mediaType, 'content-type': 'application/json' });
      const body = { query: source, ...(operationName && { operationName }), variables };
      return ask({ method: 'POST', headers, search: '', body }, context);
    },
    page({ headers: { accept = '' } }) {
      const request = {
        method: 'GET',
        headers: headersOf({ accept }),
        search: '',
        body: undefined,
      };
      return ask(request, NOBODY);
    },
  };
}

function headersOf(headers: Readonly<Record<string, string>>): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) map.set(name, value);
  return map;
}
