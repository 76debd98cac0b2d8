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
import type { RequestContext } from '../../../src/context.ts';
import type { UpstreamTable } from '../../../src/datasources/upstreams.ts';
import { RequestDeadline } from '../../../src/deadline.ts';
import { createErrorFormatter } from '../../../src/pipeline/execute/format-error.ts';
import type { Viewer } from '../../../src/viewer.ts';
import type { Environment } from '../../support/environment.ts';
import { createReferenceUpstream } from './reference-upstream.ts';
import { type ComparableResponse, toComparableError } from './responses.ts';

export interface OperationRequest {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/** Maximum number of errors of a document or its variables, and of characters in each. */
const MAX_ERRORS = 5;
const MAX_MESSAGE_LENGTH = 300;
/** Longer than any execution: the reference has no deadline. */
const BUDGET_MS = 600_000;

/**
 * Creates the reference implementation: graphql-js executes the BFF's schema, with its rules, in this
 * process; each call of a datasource is a call of a service.
 */
export function createReference(
  schema: GraphQLSchema,
  upstreams: UpstreamTable,
  services: Environment['services'],
) {
  const datasourcesFor = createReferenceDatasources(upstreams, services);
  const format = createErrorFormatter({ error: fail, warn: fail, info: fail, debug: fail });

  /** @throws Error for an internal error */
  return async (request: OperationRequest, viewer: Viewer): Promise<ComparableResponse> => {
    const { text, operationName, variables } = request;
    const document = parse(text);
    const documentErrors = validate(schema, document, undefined, { maxErrors: MAX_ERRORS });
    if (documentErrors.length > 0) return rejection('GRAPHQL_VALIDATION_FAILED', documentErrors);
    const variableErrors = validateVariables(schema, document, request);
    if (variableErrors.length > 0) return rejection('BAD_USER_INPUT', variableErrors);

    const { data, errors = [] } = await execute({
      schema,
      document,
      operationName,
      variableValues: variables,
      contextValue: { requestId: 'reference', viewer, datasources: datasourcesFor(viewer) },
    });
    return {
      data: JSON.parse(JSON.stringify(data ?? null)),
      errors: errors.map((error) => toComparableError(format(error.toJSON(), error))),
    };
  };
}

type Datasources = RequestContext['datasources'];

/** The datasources of the BFF on reference upstreams, without the memo of a request. */
function createReferenceDatasources(upstreams: UpstreamTable, services: Environment['services']) {
  const sources = Object.entries(upstreams).map(([name, { datasource, createSource }]) => {
    const { listeningOrigin } = services[name as keyof typeof services];
    return [datasource, createSource(createReferenceUpstream(listeningOrigin))] as const;
  });

  return (viewer: Viewer): Datasources => {
    const call = { requestId: 'reference', viewer, deadline: new RequestDeadline(BUDGET_MS) };
    const datasources = sources.map(([name, sourceFor]) => {
      // A new datasource for each access has an empty memo.
      const get = (_target: object, method: string) =>
        Reflect.get(sourceFor(call) as object, method);
      return [name, new Proxy({}, { get })];
    });
    return Object.fromEntries(datasources);
  };
}

/** Variables are validated before execution (GraphQL, October 2021, §6.1.2). */
function validateVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: OperationRequest,
): readonly GraphQLError[] {
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  const options = { maxErrors: MAX_ERRORS };
  return getVariableValues(schema, variableDefinitions, variables, options).errors ?? [];
}

const rejection = (code: string, errors: readonly GraphQLError[]): ComparableResponse => ({
  data: undefined,
  errors: errors.slice(0, MAX_ERRORS).map(({ message }) => ({
    path: undefined,
    code,
    message: message.slice(0, MAX_MESSAGE_LENGTH),
  })),
});

function fail(...details: unknown[]): never {
  throw new Error('internal error', { cause: details });
}
