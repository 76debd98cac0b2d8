import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { ExecutionResult } from '../../cache/index.ts';
import type { RequestContext } from '../../context.ts';
import type { OperationParameters, PreparedOperation } from '../../operations/index.ts';
import type { Executing } from './document-handoff.ts';

/** What Apollo Server answers, with the headers that it chose. */
export interface EngineAnswer extends ExecutionResult {
  readonly headers: Readonly<Record<string, string>>;
}

export interface Engine {
  /** Executes an operation. @param mediaType - of the answer */
  readonly execute: (
    prepared: PreparedOperation,
    asked: OperationParameters,
    mediaType: string,
    context: RequestContext,
  ) => Promise<EngineAnswer>;
  /** The page for those who come with a browser. */
  readonly page: (request: FastifyRequest) => Promise<EngineAnswer>;
}

/** A page is not executed. */
const NOBODY = {} as RequestContext;
const JSON_REQUEST = new HeaderMap([['content-type', 'application/json']]);

/**
 * Lets Apollo Server execute what was found to be well-formed, valid and within the limits.
 * @param executing - where it finds them
 */
export function createEngine(apollo: ApolloServer<RequestContext>, executing: Executing): Engine {
  async function ask(
    httpGraphQLRequest: HTTPGraphQLRequest,
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
    async execute({ operation, variables }, { operationName }, mediaType, context) {
      const persistedQuery = { version: 1, sha256Hash: operation.hash };
      const body = {
        ...(operationName && { operationName }),
        variables,
        extensions: { persistedQuery },
      };
      const request = { method: 'POST', headers: JSON_REQUEST, search: '', body };
      const answer = await executing.during(operation, () => ask(request, context));
      return { ...answer, headers: { ...answer.headers, 'content-type': mediaType } };
    },
    page({ headers: { accept = '' } }) {
      const headers = new HeaderMap([['accept', accept]]);
      return ask({ method: 'GET', headers, search: '', body: undefined }, NOBODY);
    },
  };
}
