import { coerceInputValue, type GraphQLInputType } from 'graphql';
import type { OperationVariable } from './operation-variables.ts';

/** Of the messages, some of which repeat the value. */
const MAX_DETAIL_LENGTH = 300;
/** Of the names that clients have made up. */
export const MAX_NAME_LENGTH = 100;
/** The maximum number of faults that a client is told. */
export const MAX_FAULTS = 10;
export const REQUIRED = 'Required.';

/** What is wrong with a value, and where. */
export interface ValueFault {
  readonly path: readonly (string | number)[];
  readonly detail: string;
}

/** The first fault of a value; undefined if it is of the type. */
export function faultIn(value: unknown, type: GraphQLInputType): ValueFault | undefined {
  try {
    coerceInputValue(value, type, (path, _invalid, { message }) => {
      // Ends the check: a long list may have many faults.
      throw new InvalidValue(path, message.slice(0, MAX_DETAIL_LENGTH));
    });
    return undefined;
  } catch (error) {
    if (error instanceof InvalidValue) return error;
    throw error;
  }
}

/**
 * The faults of an object with the values of variables as members.
 * @param unknownMember - what is wrong with a member that is no variable
 */
export function faultsInMembers(
  given: Readonly<Record<string, unknown>>,
  variables: readonly OperationVariable[],
  unknownMember: string,
): ValueFault[] {
  const names = new Set(variables.map(({ name }) => name));
  return [
    ...Object.keys(given)
      .filter((name) => !names.has(name))
      .map((name) => ({ path: [name.slice(0, MAX_NAME_LENGTH)], detail: unknownMember })),
    ...variables.flatMap((variable) => faultsOf(given, variable)),
  ];
}

function faultsOf(
  given: Readonly<Record<string, unknown>>,
  { name, type, isRequired }: OperationVariable,
): ValueFault[] {
  if (!Object.hasOwn(given, name)) return isRequired ? [{ path: [name], detail: REQUIRED }] : [];
  const fault = faultIn(given[name], type);
  return fault ? [{ path: [name, ...fault.path], detail: fault.detail }] : [];
}

class InvalidValue extends Error implements ValueFault {
  readonly path: readonly (string | number)[];
  readonly detail: string;

  constructor(path: readonly (string | number)[], detail: string) {
    super(detail);
    this.path = path;
    this.detail = detail;
  }
}
