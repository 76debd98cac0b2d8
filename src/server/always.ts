import { NO_STORE } from '../cache/index.ts';

/**
 * What every answer says unless a route knows better: it is data, for nobody to keep, show, frame or
 * run.
 */
export const ALWAYS = {
  ...NO_STORE,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;
