import type { AddressInfo } from 'node:net';
import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  parse,
  validate,
} from 'graphql';
import type { RequestContext } from '../../src/context.ts';
import { createErrorFormatter } from '../../src/pipeline/execute/format-error.ts';
import type { Viewer } from '../../src/viewer.ts';
import type { Environment, Json } from './environment.ts';
import { createNaiveCall } from './naive-call.ts';
import { naiveDatasources } from './naive-sources.ts';

export interface NaiveQuestion {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/** One error, without what differs from request to request. */
export interface PlainError {
  readonly path: readonly (string | number)[] | undefined;
  readonly code: string;
  readonly message: string;
}

export interface PlainAnswer {
  readonly data: Json;
  readonly errors: readonly PlainError[];
}

/** So many mistakes of one document, or of its variables, are told, and each at most so long. */
const MOST_TOLD = 5;
const LONGEST_TOLD = 300;

/**
 * Answers an operation as graphql-js does by itself, in this process: behind the same rules, but
 * with a call to the services for each key of each field.
 * @throws Error where something went wrong that a client would be told nothing about
 */
export function createNaive(schema: GraphQLSchema, services: Environment['services']) {
  const calls = {
    user: createNaiveCall(addressOf(services.user)),
    order: createNaiveCall(addressOf(services.order)),
    notification: createNaiveCall(addressOf(services.notification)),
  };
  const format = createErrorFormatter({ error: fail, warn: fail, info: fail, debug: fail });

  return async (question: NaiveQuestion, viewer: Viewer): Promise<PlainAnswer> => {
    const { text, operationName, variables } = question;
    const document = parse(text);
    const mistakes = validate(schema, document, undefined, { maxErrors: MOST_TOLD });
    if (mistakes.length > 0) return refusal('GRAPHQL_VALIDATION_FAILED', mistakes);
    const wrong = wrongVariables(schema, document, question);
    if (wrong.length > 0) return refusal('BAD_USER_INPUT', wrong);

    const contextValue: RequestContext<ReturnType<typeof naiveDatasources>> = {
      requestId: 'naive',
      viewer,
      datasources: naiveDatasources(calls),
    };
    const variableValues = variables;
    const { data, errors = [] } = await execute({
      schema,
      document,
      operationName,
      variableValues,
      contextValue,
    });
    return {
      data: JSON.parse(JSON.stringify(data ?? null)),
      errors: errors.map((error) => toPlainError(format(describe(error), error))),
    };
  };
}

export const toPlainError = ({ path, message, extensions }: Json): PlainError => ({
  path,
  code: extensions?.code,
  message,
});

const addressOf = ({ server }: Environment['services']['user']): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Variables are looked at before anything is executed (GraphQL, October 2021, §6.1.2). */
function wrongVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: NaiveQuestion,
): readonly GraphQLError[] {
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  const options = { maxErrors: MOST_TOLD };
  return getVariableValues(schema, variableDefinitions, variables, options).errors ?? [];
}

const refusal = (code: string, errors: readonly GraphQLError[]): PlainAnswer => ({
  data: undefined,
  errors: errors
    .slice(0, MOST_TOLD)
    .map(({ message }) => ({ path: undefined, code, message: message.slice(0, LONGEST_TOLD) })),
});

const describe = ({ message, path, extensions }: GraphQLError) => ({
  message,
  ...(path && { path }),
  extensions,
});

function fail(...said: unknown[]): never {
  throw new Error('unexpected', { cause: said });
}
