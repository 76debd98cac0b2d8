import { type IssuerConfig, SETTING_VARIABLES } from '../config/index.ts';
import { BffError } from '../errors.ts';

const MAX_QUOTE_LENGTH = 200;

/**
 * A token that is not accepted. The message is for every client. The hint is for developers: it quotes
 * claims and settings, and says what to change. It is only built in development.
 */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
  readonly hint: () => string;

  constructor(message: string, hint: () => string) {
    super(message);
    this.hint = hint;
  }
}

/** @param explains - adds the hint */
export const toBffError = (refusal: TokenRefusal, explains: boolean): BffError =>
  new BffError('UNAUTHENTICATED', refusal.message, {
    cause: refusal,
    hint: explains ? refusal.hint() : undefined,
  });

type Setting = keyof typeof SETTING_VARIABLES;

/** The name of an issuer's setting, as its operator finds it. */
export const settingName = ({ isListed, issuer }: IssuerConfig, setting: Setting): string =>
  isListed ? `"${setting}" of ${issuer} in JWT_ISSUERS` : SETTING_VARIABLES[setting];

/** A claim or a setting as a hint shows it. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not set';
  return text.length > MAX_QUOTE_LENGTH ? `${text.slice(0, MAX_QUOTE_LENGTH)}…` : text;
}
