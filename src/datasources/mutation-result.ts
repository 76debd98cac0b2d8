import { type BffError, notFound } from '../errors.ts';
import { DecodeError, list, string } from './decode.ts';
import type { MutationResult, Problem, ProblemCode } from './models.ts';
import { unexpectedStatus } from './reply.ts';

/** The wire format of validation errors. */
interface WireErrors {
  readonly errors?: readonly { readonly field: string; readonly code: string }[];
}

/**
 * Converts an upstream's validation errors to problems. Only fields of the mutation's input are named.
 * @param codes - wire codes and their problem codes; other wire codes become `INVALID`
 * @param inputs - the names of the input's fields
 */
export function toProblems(
  body: WireErrors,
  codes: Readonly<Record<string, ProblemCode>>,
  inputs: readonly string[],
): Problem[] {
  const errors = list(body.errors, (error) => error);
  if (errors.length === 0) throw new DecodeError('at least one error', undefined);
  return errors.map(({ field, code }) => {
    const path = string(field).split('.');
    return {
      code: (Object.hasOwn(codes, string(code)) && codes[code]) || 'INVALID',
      field: inputs.includes(path[0] as string) ? path : null,
    };
  });
}

export const applied = <T>(value: T): MutationResult<T> => ({ value, problems: [] });

export const rejected = <T>(
  problems: readonly Problem[],
  value: T | null = null,
): MutationResult<T> => ({
  value,
  problems,
});

/** The error for a mutation of an object that does not exist; other statuses are unexpected. */
export const goneError = (status: number, what: string): BffError | Error =>
  status === 404 || status === 410 ? notFound(what) : unexpectedStatus(status);

/**
 * Returns the tags if the change was or may have been applied; a rejected change invalidates
 * nothing.
 */
export const changedTags = (
  result: MutationResult<unknown> | undefined,
  tags: readonly string[],
): readonly string[] => (result?.value === null ? [] : tags);
