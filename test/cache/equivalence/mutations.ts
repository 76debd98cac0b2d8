import fc from 'fast-check';
import { type GraphQLField, type GraphQLObjectType, getNamedType } from 'graphql';
import type { Json } from '../../support/environment.ts';
import type { CachePair } from './cache-pair.ts';
import { printDocument } from './documents.ts';
import type { MutationKind, ServiceCall } from './domain.ts';
import { DOMAINS } from './domains/index.ts';
import { createSelectionGenerator } from './selections.ts';

/** A generated mutation, without the input that depends on the services' current data. */
export interface Mutation {
  readonly field: string;
  /** The document: its variables are the input and those of the answer's selections. */
  readonly text: string;
  readonly variables: Record<string, unknown>;
  readonly details: unknown;
  /** Sends a list of one as its single item. */
  readonly isSingle: boolean;
}

const KINDS = new Map(DOMAINS.flatMap(({ mutations }) => Object.entries(mutations)));

/**
 * Generates calls of one mutation.
 * @throws Error for a mutation that no domain describes
 */
export function mutationsBy(
  { name: field, type }: GraphQLField<unknown, unknown>,
  ids: readonly string[],
): fc.Arbitrary<Mutation> {
  const { declared, variable, details } = kindOf(field);
  const args = [{ name: variable, value: `$${variable}` }];
  const root = { parentType: 'Mutation', field, alias: undefined, args, directive: undefined };
  const alongPath = createSelectionGenerator({
    ids,
    hasInvalidValues: false,
    hasVariables: true,
  });
  const printed = alongPath(getNamedType(type) as GraphQLObjectType, []).map((selections) => {
    const field = { ...root, wrapping: 'bare' as const, selections };
    return printDocument([{ kind: 'mutation', name: undefined, declared, selections: [field] }]);
  });
  return fc
    .tuple(printed, details, fc.boolean())
    .map(([{ text, variableSets }, details, isSingle]) => ({
      field,
      text,
      variables: variableSets[0] ?? {},
      details,
      isSingle,
    }));
}

/**
 * Completes a mutation with input that fits the services' current data.
 * @returns the variables for a BFF, and the call that makes the same change at the service
 */
export async function resolveMutation(
  services: Pick<CachePair, 'read'>,
  { field, variables, details, isSingle }: Mutation,
  owner: string,
) {
  const { variable, inputFor, serviceCall } = kindOf(field);
  const input = await inputFor(services, owner, details);
  return {
    variables: { ...variables, [variable]: isSingle ? withoutLists(input) : input },
    serviceCall: serviceCall(owner, input),
  };
}

/** Makes a change at a service, without a BFF. */
export async function changeAtService({ services }: CachePair, call: ServiceCall): Promise<void> {
  const { service, path, method = 'POST', headers, body } = call;
  const response = await fetch(`${services[service].listeningOrigin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
}

function kindOf(field: string): MutationKind {
  const kind = KINDS.get(field);
  if (!kind) throw new Error(`no domain describes the mutation ${field}`);
  return kind;
}

/** GraphQL coerces a single value to a list of one. */
function withoutLists(value: Json): Json {
  if (Array.isArray(value)) return value.length === 1 ? value[0] : value;
  return value?.items ? { ...value, items: withoutLists(value.items) } : value;
}
