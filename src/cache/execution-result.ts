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

/** The result as a response body contains it; errors come first, as the specification recommends. */
export const toBody = ({ errors, data, extensions }: ExecutionResult) => ({
  errors,
  data,
  extensions,
});

/** A response body as JSON text, which ends with a newline for terminals. */
export const toJson = (body: object): string => `${JSON.stringify(body)}\n`;
