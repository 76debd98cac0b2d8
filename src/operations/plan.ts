import {
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
} from 'graphql';
import type { CachePolicy, PolicyReader } from '../cache/index.ts';

/** One operation of a document, with all that follows from its text alone. */
export interface Plan {
  readonly definition: OperationDefinitionNode;
  readonly cache: CachePolicy;
  /**
   * The variables in one form, however they were spelled: coerced, defaults filled in, in the order
   * of their definitions.
   * @returns JSON; undefined if they are not acceptable
   */
  readonly canonical: (variables: Readonly<Record<string, unknown>>) => string | undefined;
}

/** Makes plans, once for each operation of a document. */
export function createPlanner(schema: GraphQLSchema, policyOf: PolicyReader) {
  const known = new WeakMap<OperationDefinitionNode, Plan>();

  function makePlan(document: DocumentNode, definition: OperationDefinitionNode): Plan {
    const { variableDefinitions = [] } = definition;
    return {
      definition,
      cache: policyOf(document, definition),
      canonical(variables) {
        if (variableDefinitions.length === 0) return '{}';
        const { coerced } = getVariableValues(schema, variableDefinitions, variables);
        return coerced && JSON.stringify(coerced);
      },
    };
  }

  /** @returns undefined if the document has no such operation, or several and none was named */
  return (document: DocumentNode, operationName: string | undefined): Plan | undefined => {
    const definition = getOperationAST(document, operationName);
    if (!definition) return undefined;
    const plan = known.get(definition) ?? makePlan(document, definition);
    known.set(definition, plan);
    return plan;
  };
}

export type Planner = ReturnType<typeof createPlanner>;
