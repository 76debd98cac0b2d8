import type { Problem, ProblemCode } from '../datasources/models.ts';
import type { UserError } from './generated.ts';

const SENTENCES: Readonly<Record<ProblemCode, string>> = {
  BLANK: 'This can not be left blank.',
  EMPTY: 'At least one is needed.',
  IDEMPOTENCY_KEY_REUSED: 'This key was used for another order: choose a new one for a new order.',
  INVALID: 'This is not an acceptable value: the description of the field says what is.',
  INVALID_URL: 'This is not an http or https address.',
  NOT_CANCELLABLE: 'The order has left, so that it can not be cancelled any more.',
  NOT_FOUND: 'Nothing of yours has this id: use one that the API gave out.',
  OUT_OF_RANGE: 'This number is out of range: the description of the field says what is allowed.',
  TOO_LONG: 'This has too many characters: the description of the field says how many may be.',
  TOO_MANY: 'There are too many of these: the description of the field says how many may be.',
  UNKNOWN_CURRENCY: 'Nothing is sold in this currency.',
  UNKNOWN_LOCALE: 'This locale is not spoken here.',
  UNKNOWN_SKU: 'There is no such product.',
};

/**
 * Problems as clients see them.
 * @param path - where the input that was sent upstream stands among the field's arguments
 */
export const toUserErrors = (problems: readonly Problem[], path: readonly string[]): UserError[] =>
  problems.map(({ code, field }) => ({
    code,
    message: SENTENCES[code],
    field: field && [...path, ...field],
  }));
