import type { GraphQLError } from 'graphql';
import type { ErrorCode } from '../errors.ts';

/** An invalid document or invalid variables. graphql-js's messages may reveal parts of the schema. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly code: ErrorCode;
  readonly errors: readonly GraphQLError[];

  /** @param errors - at least one */
  constructor(code: ErrorCode, errors: readonly GraphQLError[]) {
    super(errors[0]?.message);
    this.code = code;
    this.errors = errors;
  }
}
