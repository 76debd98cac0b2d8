import type { ApolloServerPlugin } from '@apollo/server';
import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../context.ts';
import type { Compiler } from '../../operations/index.ts';

export type Format = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** Creates the plugin that executes operations in their compiled form, if there is one. */
export function executeCompiled(
  { find }: Pick<Compiler, 'find'>,
  format: Format,
): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async responseForOperation({ document, operation, request, contextValue, response }) {
          const execute = find(document, operation);
          if (!execute) return null;
          const result: ExecutionResult = await execute(undefined, contextValue, request.variables);
          const singleResult = formatResult(result, format);
          return { http: response.http, body: { kind: 'single', singleResult } };
        },
      };
    },
  };
}

/** The result of an execution as Apollo Server has it: with formatted errors. */
export const formatResult = ({ data, errors }: ExecutionResult, format: Format) => ({
  ...(errors && {
    errors: onePerPath(errors).map((error) => format(describe(error), causeOf(error))),
  }),
  data: data ?? null,
});

const causeOf = (error: GraphQLError): unknown => error.originalError ?? error;

const describe = ({
  message,
  locations,
  path,
  extensions,
}: GraphQLError): GraphQLFormattedError => ({
  message,
  ...(locations?.length && { locations }),
  ...(path && { path }),
  ...(extensions && { extensions }),
});

/** Keeps the first error of each field, as graphql-js does; graphql-jit reports all of them. */
function onePerPath(errors: readonly GraphQLError[]): readonly GraphQLError[] {
  const seen = new Set<string>();
  return errors.filter(({ path }) => {
    const key = JSON.stringify(path);
    if (path && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
