import ms, { type StringValue } from 'ms';

const MAX_MS = ms('3650d');
export const MIN_DURATION_MS = -MAX_MS;

/**
 * Parses a duration such as `15m` or `-2d` of a command line; the unit is required.
 * @returns milliseconds
 * @throws Error if it is below the minimum or above 3650 days
 */
export function parseDuration(option: string, text: string, minMs: number): number {
  const value = /^\S{1,20}[a-z]$/i.test(text) ? ms(text as StringValue) : undefined;
  if (value !== undefined && value >= minMs && value <= MAX_MS) return value;
  throw new Error(`${option} must be a duration such as 30s, 15m, 12h or 90d, at most 3650d`);
}
