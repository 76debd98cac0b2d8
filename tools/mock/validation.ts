import type { z } from 'zod';
import { read } from '../../services/support/input.ts';
import { Problem as ServiceProblem } from '../../services/support/problem.ts';
import type { MutationResult } from '../../src/datasources/models.ts';

/** A decoder of the response with which a service refuses an input. */
type DecodeRefusal<T> = (reply: {
  readonly status: number;
  readonly body: never;
}) => MutationResult<T>;

/**
 * Validates an input as a stand-in service does.
 * @param decode - the decoder of the datasource, so that the problems are those that clients get
 * @returns the input as the service reads it, or the result for the client
 */
export function validate<Input, T>(
  schema: z.ZodType<Input>,
  value: unknown,
  decode: DecodeRefusal<T>,
): { input: Input; refusal?: never } | { input?: never; refusal: MutationResult<T> } {
  try {
    return { input: read(schema, value, 422) };
  } catch (error) {
    if (!(error instanceof ServiceProblem)) throw error;
    return { refusal: decode({ status: error.status, body: error.toJSON() as never }) };
  }
}
