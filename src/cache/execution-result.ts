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

/**
 * The form of response bodies of one protocol. The responses of an operation are stored once for each
 * representation in which they are requested.
 */
export interface Representation {
  /** A part of cache keys. */
  readonly name: string;
  /** Serialises a complete result as JSON text. */
  readonly serialise: (result: ExecutionResult) => string;
}

/** A response body as JSON text, which ends with a newline for terminals. */
export const toJson = (body: unknown): string => `${JSON.stringify(body)}\n`;
