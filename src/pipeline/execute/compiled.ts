import type { ApolloServerPlugin } from '@apollo/server';
import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../../context.ts';
import type { Compiler } from '../../operations/index.ts';

type Format = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** Has Apollo Server execute operations in the compiled form, if there is one. */
export function executeCompiled(
  compiledOf: Compiler,
  format: Format,
): ApolloServerPlugin<RequestContext> {
  function toBody({ data, errors }: ExecutionResult) {
    const singleResult = {
      ...(errors && {
        errors: onePerPath(errors).map((error) => format(describe(error), causeOf(error))),
      }),
      data: data ?? null,
    };
    return { kind: 'single' as const, singleResult };
  }

  return {
    async requestDidStart() {
      return {
        async responseForOperation({ document, operation, request, contextValue, response }) {
          const execute = compiledOf(document, operation);
          if (!execute) return null;
          const result: ExecutionResult = await execute(undefined, contextValue, request.variables);
          return { http: response.http, body: toBody(result) };
        },
      };
    },
  };
}

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

/** graphql-js stops at the first thing that is wrong with a field, graphql-jit tells them all. */
function onePerPath(errors: readonly GraphQLError[]): readonly GraphQLError[] {
  const seen = new Set<string>();
  return errors.filter(({ path }) => {
    const place = JSON.stringify(path);
    if (path && seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}
