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
import { type CostReader, holdTo, limitVariables, type OperationLimits } from '../limits/index.ts';
import { DocumentError } from './document-error.ts';
import type { Operation } from './operation.ts';

/** One operation of a document, with all that follows from its text alone. */
interface Plan {
  readonly definition: OperationDefinitionNode;
  readonly cache: CachePolicy;
  readonly costWith: ReturnType<CostReader>;
}

/** What is asked: an operation of a document, and its variables. */
export interface Asked {
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An operation with its variables, which may be executed. */
export interface PreparedOperation {
  readonly operation: Operation;
  readonly definition: OperationDefinitionNode;
  readonly cache: CachePolicy;
  /**
   * The variables in one form, however they were spelled: coerced, defaults filled in, in the order
   * of their definitions; as JSON.
   */
  readonly canonical: string;
  /**
   * The variables as they were given, and the defaults of those that were not: graphql-jit misses
   * them where a variable may not be null.
   */
  readonly variables: Readonly<Record<string, unknown>>;
  /** In cost units, at least 1. */
  readonly cost: number;
}

interface PlannerParts {
  readonly schema: GraphQLSchema;
  readonly policyOf: PolicyReader;
  readonly costOf: CostReader;
  readonly limits: OperationLimits;
}

const NO_VARIABLES = {};

/** Makes plans, once for each operation of a document, and fills in variables. */
export function createPlanner({ schema, policyOf, costOf, limits }: PlannerParts) {
  const plans = new WeakMap<OperationDefinitionNode, Plan>();
  // The same request comes again and again where it is read from an address.
  const prepared = new WeakMap<Asked, PreparedOperation>();

  function planOf(document: DocumentNode, operationName: string | undefined): Plan {
    const definition = definitionOf(schema, document, operationName);
    const known = plans.get(definition);
    if (known) return known;
    const cache = policyOf(document, definition);
    const plan = { definition, cache, costWith: costOf(document, definition) };
    plans.set(definition, plan);
    return plan;
  }

  function coerce({ variableDefinitions = [] }: OperationDefinitionNode, { variables }: Asked) {
    if (variableDefinitions.length === 0) return NO_VARIABLES;
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables, {
      maxErrors: 5,
    });
    if (errors) throw new DocumentError('BAD_USER_INPUT', errors);
    limitVariables(coerced, limits);
    return coerced;
  }

  function prepare(operation: Operation, asked: Asked): PreparedOperation {
    const { definition, cache, costWith } = planOf(operation.document, asked.operationName);
    const variables = coerce(definition, asked);
    const cost = Math.max(1, Math.ceil(costWith(variables)));
    holdTo(limits, 'cost', cost);
    const canonical = variables === NO_VARIABLES ? '{}' : JSON.stringify(variables);
    const given = { ...defaultsIn(definition, variables), ...asked.variables };
    return { operation, definition, cache, canonical, variables: given, cost };
  }

  /** @throws DocumentError; BffError QUERY_TOO_COMPLEX */
  return (operation: Operation, asked: Asked): PreparedOperation => {
    const known = prepared.get(asked);
    if (known?.operation === operation) return known;
    const made = prepare(operation, asked);
    prepared.set(asked, made);
    return made;
  };
}

export type Planner = ReturnType<typeof createPlanner>;

/** @param coerced - with all defaults filled in */
function defaultsIn(
  { variableDefinitions = [] }: OperationDefinitionNode,
  coerced: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const withDefault = variableDefinitions.filter(({ defaultValue }) => defaultValue);
  return Object.fromEntries(
    withDefault.map(({ variable: { name } }) => [name.value, coerced[name.value]]),
  );
}

function definitionOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): OperationDefinitionNode {
  const definition = getOperationAST(document, operationName);
  if (!definition) throw unresolved(whyNone(document, operationName));
  // graphql-js itself finds out only when it executes, and calls it an error of ours.
  const { operation } = definition;
  if (!schema.getRootType(operation)) throw unresolved(`There are no ${operation}s here.`);
  return definition;
}

function whyNone({ definitions }: DocumentNode, operationName: string | undefined): string {
  if (operationName !== undefined) return `Unknown operation named "${operationName}".`;
  return definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    ? 'The document has several operations: "operationName" must name one.'
    : 'The document has no operation.';
}

const unresolved = (message: string) =>
  new DocumentError('OPERATION_RESOLUTION_FAILURE', [new GraphQLError(message)]);
