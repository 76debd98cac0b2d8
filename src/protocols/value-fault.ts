import { coerceInputValue, type GraphQLInputType } from 'graphql';

/** Of the messages, some of which repeat the value. */
const MAX_DETAIL_LENGTH = 300;

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

class InvalidValue extends Error implements ValueFault {
  readonly path: readonly (string | number)[];
  readonly detail: string;

  constructor(path: readonly (string | number)[], detail: string) {
    super(detail);
    this.path = path;
    this.detail = detail;
  }
}
