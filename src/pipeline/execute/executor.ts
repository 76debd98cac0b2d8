import type { ApolloServer } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { ExecutionResult } from '../../cache/index.ts';
import type { RequestContext } from '../../context.ts';
import type { PreparedOperation } from '../../operations/index.ts';

export interface Executor {
  /** Executes a valid operation within the limits. Errors are in the result, each with a code. */
  readonly execute: (
    prepared: PreparedOperation,
    context: RequestContext,
  ) => Promise<ExecutionResult>;
}

/** Creates an executor that has Apollo Server execute operations, with its plugins. */
export function createExecutor(apollo: ApolloServer<RequestContext>): Executor {
  return {
    async execute({ operation, definition, variables }, context) {
      const { name } = definition;
      const { body, http } = await apollo.executeOperation(
        { query: operation.source, variables, ...(name && { operationName: name.value }) },
        { contextValue: context },
      );
      if (body.kind !== 'single') throw new Error('Incremental delivery is not supported');
      const { data, errors = [], extensions } = body.singleResult;
      return {
        status: http.status ?? 200,
        data,
        ...(errors.length > 0 && { errors: errors.map(withRequestId(context)) }),
        extensions,
        errorCodes: errors.map((error) => String(error.extensions?.code)),
      };
    },
  };
}

export const withRequestId =
  ({ requestId }: RequestContext) =>
  (error: GraphQLFormattedError): GraphQLFormattedError => ({
    ...error,
    extensions: { ...error.extensions, requestId },
  });
