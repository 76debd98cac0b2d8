import type { GraphQLFormattedError } from 'graphql';

/** The result of one execution: data and errors (GraphQL, October 2021, §7.1). */
export interface ExecutionResult {
  /** HTTP status; 200 also if fields failed. */
  readonly status: number;
  readonly data?: unknown;
  /** Undefined if there are none. */
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** The code of each error. */
  readonly errorCodes: readonly string[];
}

/** The result as JSON text; errors come first, as the specification recommends. */
export const toJson = ({ errors, data, extensions }: ExecutionResult): string =>
  `${JSON.stringify({ errors, data, extensions })}\n`;
