import { type BffError, notFound } from '../errors.ts';
import type { Outcome, Problem, ProblemCode } from './models.ts';
import { list, ShapeError, text } from './shape.ts';

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
  if (errors.length === 0) throw new ShapeError('at least one mistake', undefined);
  return errors.map(({ field, code }) => {
    const path = text(field).split('.');
    return {
      code: (Object.hasOwn(codes, text(code)) && codes[code]) || 'INVALID',
      field: inputs.includes(path[0] as string) ? path : null,
    };
  });
}

export const done = <T>(value: T): Outcome<T> => ({ value, problems: [] });

export const refused = <T>(problems: readonly Problem[], value: T | null = null): Outcome<T> => ({
  value,
  problems,
});

/** For answers outside of an upstream's contract, which count as malformed. */
export const unexpected = (status: number) => new Error(`unexpected status ${status}`);

/** The answer to a change of something that is not there. */
export const gone = (status: number, what: string): BffError | Error =>
  status === 404 || status === 410 ? notFound(what) : unexpected(status);

/** The tags of a change, if it was made or may have been: one that was refused changed nothing. */
export const tagsChanged = (
  outcome: Outcome<unknown> | undefined,
  tags: readonly string[],
): readonly string[] => (outcome?.value === null ? [] : tags);
