import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../../context.ts';
import type { Compiler, OperationStore } from '../../operations/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { executeCompiled } from './compiled.ts';
import { createErrorFormatter } from './format-error.ts';
import { createLandingPagePlugin, type LandingPageOptions } from './landing-page.ts';

const HASH_LENGTH = 64;

interface ApolloOptions extends LandingPageOptions {
  readonly schema: GraphQLSchema;
  readonly compiler: Pick<Compiler, 'find'>;
  readonly operations: Pick<OperationStore, 'byHash'>;
  readonly log: Log;
}

/** Creates the Apollo Server that executes operations; it does not listen. */
export function createApollo(options: ApolloOptions): ApolloServer<RequestContext> {
  const { schema, compiler, operations, production, log } = options;
  const formatError = createErrorFormatter(log);
  return new ApolloServer<RequestContext>({
    schema,
    introspection: !production,
    hideSchemaDetailsFromClientErrors: production,
    includeStacktraceInErrorResponses: false,
    // The protocols have their own protection against CSRF, and their own persisted operations.
    csrfPrevention: false,
    persistedQueries: false,
    documentStore: toDocumentStore(operations),
    formatError,
    logger: log,
    stopOnTerminationSignals: false,
    plugins: [
      // The default one adds a hook to every field of every execution.
      ApolloServerPluginCacheControlDisabled(),
      // Nothing is sent to Apollo, whatever its own environment variables are. Bundles lack this code.
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      createLandingPagePlugin(options),
      executeCompiled(compiler, formatError),
    ],
  });
}

/**
 * Lets Apollo Server find the documents that the operation store has parsed and validated. Its keys
 * end with the hash of the text. A document that the store has dropped meanwhile is parsed again.
 */
const toDocumentStore = ({ byHash }: Pick<OperationStore, 'byHash'>) => ({
  get: async (key: string) => byHash(key.slice(-HASH_LENGTH))?.document,
  set: async () => undefined,
  delete: async () => false,
});
