import { type BffError, notFound } from '../errors.ts';
import { DecodeError, list, string } from './decode.ts';
import type { MutationResult, Problem, ProblemCode } from './models.ts';

/** How the wire says that something is wrong with an input. */
interface WireErrors {
  readonly errors?: readonly { readonly field: string; readonly code: string }[];
}

/**
 * An upstream's list of mistakes, in the domain's words. Only fields of our own inputs are named.
 * @param codes - the wire's codes that have a word of their own
 * @param inputs - the names of the input's fields
 */
export function toProblems(
  body: WireErrors,
  codes: Readonly<Record<string, ProblemCode>>,
  inputs: readonly string[],
): Problem[] {
  const errors = list(body.errors, (error) => error);
  if (errors.length === 0) throw new DecodeError('at least one mistake', undefined);
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

/** For answers outside of an upstream's contract, which count as malformed. */
export const unexpectedStatus = (status: number) => new Error(`unexpected status ${status}`);

/** The answer to a change of something that is not there. */
export const goneError = (status: number, what: string): BffError | Error =>
  status === 404 || status === 410 ? notFound(what) : unexpectedStatus(status);

/** The tags of a change, if it was made or may have been: one that was refused changed nothing. */
export const changedTags = (
  outcome: MutationResult<unknown> | undefined,
  tags: readonly string[],
): readonly string[] => (outcome?.value === null ? [] : tags);
