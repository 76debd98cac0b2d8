import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../../context.ts';
import { createCompiler } from '../../operations/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { executeCompiled } from './compiled.ts';
import type { Executing } from './document-handoff.ts';
import { createErrorFormatter } from './format-error.ts';

interface ApolloParts {
  readonly schema: GraphQLSchema;
  readonly executing: Executing;
  readonly explorer: ApolloServerPlugin;
  readonly production: boolean;
  readonly log: Log;
}

/** The GraphQL engine: it answers requests, and listens to nothing itself. */
export function createApollo({ schema, executing, explorer, production, log }: ApolloParts) {
  const formatError = createErrorFormatter(log);
  return new ApolloServer<RequestContext>({
    schema,
    introspection: !production,
    hideSchemaDetailsFromClientErrors: production,
    includeStacktraceInErrorResponses: false,
    // Forged requests, wrong documents and persisted ones are dealt with before it is asked.
    csrfPrevention: false,
    documentStore: executing.documents,
    persistedQueries: { cache: executing.texts },
    formatError,
    logger: log,
    stopOnTerminationSignals: false,
    // The cache-control plugin puts a hook on every field of every execution.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      explorer,
      executeCompiled(createCompiler(schema), formatError),
      finishErrors,
    ],
  });
}

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
