import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context.ts';
import { type OperationStore, PARSE_OPTIONS } from '../operations/index.ts';
import type { Log } from '../telemetry/log.ts';
import { createErrorFormatter } from './format-error.ts';

interface ApolloParts {
  readonly schema: GraphQLSchema;
  readonly operations: OperationStore;
  readonly explorer: ApolloServerPlugin;
  readonly production: boolean;
  readonly log: Log;
}

/** The GraphQL engine: it answers requests, and listens to nothing itself. */
export function createApollo({ schema, operations, explorer, production, log }: ApolloParts) {
  return new ApolloServer<RequestContext>({
    schema,
    introspection: !production,
    hideSchemaDetailsFromClientErrors: production,
    includeStacktraceInErrorResponses: false,
    parseOptions: PARSE_OPTIONS,
    // Forged requests are refused at the route: only JSON is posted, and a GET changes nothing.
    csrfPrevention: false,
    documentStore: operations.documents,
    persistedQueries: { cache: operations.persisted },
    formatError: createErrorFormatter(log, production),
    logger: log,
    stopOnTerminationSignals: false,
    // The cache-control plugin puts a hook on every field of every execution.
    plugins: [ApolloServerPluginCacheControlDisabled(), explorer, finishErrors, refuseMissingRoots],
  });
}

/** graphql-js itself finds out only when it executes, and calls it an error of ours. */
const refuseMissingRoots: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, operation: { operation } = {} }) {
        if (!operation || schema.getRootType(operation)) return;
        throw new GraphQLError(`There are no ${operation}s here.`, {
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
        });
      },
    };
  },
};

/** Gives errors the request's id, and says which there are. */
const finishErrors: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, contextValue: { requestId, failed } }) {
        const { body } = response;
        if (body.kind !== 'single' || !body.singleResult.errors) return;
        failed(body.singleResult.errors.map(({ extensions }) => String(extensions?.code)));
        body.singleResult.errors = body.singleResult.errors.map((error) => ({
          ...error,
          extensions: { ...error.extensions, requestId },
        }));
      },
    };
  },
};
