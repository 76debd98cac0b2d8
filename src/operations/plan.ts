import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { CachePolicy, PolicyReader } from '../cache/index.ts';
import { DocumentError } from './document-error.ts';
import { fieldsOf } from './fields.ts';
import {
  type CostReader,
  enforceLimit,
  enforceVariableLimits,
  type OperationLimits,
} from './limits/index.ts';
import type { Operation } from './operation.ts';

/** One operation of a document, with everything that follows from its text alone. */
interface Plan {
  readonly definition: OperationDefinitionNode;
  readonly cache: CachePolicy;
  readonly costWith: ReturnType<CostReader>;
  /** The schema coordinates of its fields, for usage metrics. */
  readonly fields: readonly string[];
  /** The names of the variables that have a default. */
  readonly withDefault: readonly string[];
  /** The prepared operation, if it takes no variables and has been requested before. */
  preparedWithoutVariables?: PreparedOperation;
}

type Variables = Readonly<Record<string, unknown>>;

/** The operation name and variables of a request. */
export interface OperationParameters {
  readonly operationName: string | undefined;
  readonly variables: Variables;
  /**
   * The result for these parameters, which recur with the URL of a GET. A property, because many entries of
   * a WeakMap make garbage collection pause for longer.
   */
  prepared?: PreparedOperation;
}

/** An operation with its variables, ready to execute. */
export interface PreparedOperation {
  readonly operation: Operation;
  readonly definition: OperationDefinitionNode;
  readonly cache: CachePolicy;
  /**
   * The variables as canonical JSON, independent of their spelling in the request: coerced, with
   * defaults, in the order of their definitions.
   */
  readonly canonical: string;
  /**
   * The variables of the request, with defaults for the missing ones: graphql-jit ignores the default
   * of a non-null variable.
   */
  readonly variables: Variables;
  /** In cost units, at least 1. */
  readonly cost: number;
  /** The schema coordinates of its fields: the same array for all operations of the same plan. */
  readonly fields: readonly string[];
  /** The part of its cache key that does not depend on the viewer, once it was needed. */
  cacheKey?: string | undefined;
}

interface PlannerOptions {
  readonly schema: GraphQLSchema;
  readonly policyOf: PolicyReader;
  readonly costOf: CostReader;
  readonly limits: OperationLimits;
}

/** Computes the plan of each operation of a document once, and completes it with variables. */
export function createPlanner({ schema, policyOf, costOf, limits }: PlannerOptions) {
  const plans = new WeakMap<OperationDefinitionNode, Plan>();

  function planOf(document: DocumentNode, operationName: string | undefined): Plan {
    const definition = definitionOf(schema, document, operationName);
    const known = plans.get(definition);
    if (known) return known;
    const cache = policyOf(document, definition);
    const costWith = costOf(document, definition);
    const fields = fieldsOf(schema, document, definition);
    const withDefault = namesWithDefault(definition);
    const plan = { definition, cache, costWith, fields, withDefault };
    plans.set(definition, plan);
    return plan;
  }

  function coerce({ variableDefinitions = [] }: OperationDefinitionNode, given: Variables) {
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, given, {
      maxErrors: 5,
    });
    if (errors) throw new DocumentError('BAD_USER_INPUT', errors);
    enforceVariableLimits(coerced, limits);
    return coerced;
  }

  function prepare(operation: Operation, plan: Plan, given: Variables): PreparedOperation {
    const { definition, cache, costWith, fields, withDefault } = plan;
    const variables = coerce(definition, given);
    const cost = Math.max(1, Math.ceil(costWith(variables)));
    enforceLimit(limits, 'cost', cost);
    const canonical = JSON.stringify(variables);
    const defaults = Object.fromEntries(withDefault.map((name) => [name, variables[name]]));
    const completed = { ...defaults, ...given };
    const cacheKey = undefined;
    return {
      operation,
      definition,
      cache,
      canonical,
      variables: completed,
      cost,
      fields,
      cacheKey,
    };
  }

  /** @throws DocumentError; BffError QUERY_TOO_COMPLEX */
  return (operation: Operation, parameters: OperationParameters): PreparedOperation => {
    const known = parameters.prepared;
    if (known?.operation === operation) return known;
    const plan = planOf(operation.document, parameters.operationName);
    if (plan.preparedWithoutVariables) return plan.preparedWithoutVariables;
    if (hasNoVariables(plan.definition)) {
      plan.preparedWithoutVariables = prepare(operation, plan, {});
      return plan.preparedWithoutVariables;
    }
    const ready = prepare(operation, plan, parameters.variables);
    parameters.prepared = ready;
    return ready;
  };
}

export type Planner = ReturnType<typeof createPlanner>;

const hasNoVariables = ({ variableDefinitions = [] }: OperationDefinitionNode): boolean =>
  variableDefinitions.length === 0;

const namesWithDefault = ({ variableDefinitions = [] }: OperationDefinitionNode): string[] =>
  variableDefinitions
    .filter(({ defaultValue }) => defaultValue)
    .map(({ variable: { name } }) => name.value);

function definitionOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): OperationDefinitionNode {
  const definition = getOperationAST(document, operationName);
  if (!definition) throw unresolved(missingOperationMessage(document, operationName));
  // graphql-js detects this only during execution, and reports it as an internal error.
  const { operation } = definition;
  if (!schema.getRootType(operation)) throw unresolved(`This API has no ${operation} operations.`);
  return definition;
}

function missingOperationMessage(
  { definitions }: DocumentNode,
  operationName: string | undefined,
): string {
  if (operationName !== undefined) return `Unknown operation named "${operationName}".`;
  return definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    ? 'The document has several operations: "operationName" must name one.'
    : 'The document has no operation.';
}

const unresolved = (message: string) =>
  new DocumentError('OPERATION_RESOLUTION_FAILURE', [new GraphQLError(message)]);
