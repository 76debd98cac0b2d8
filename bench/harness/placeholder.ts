import { randomBytes } from 'node:crypto';

/**
 * Where it stands in a request, the load generator puts another name of the same length with every
 * request, which was never sent before.
 */
export const PLACEHOLDER = 'unseen_placeholder';

/** The first half of such names: no other run of the load generator has the same. */
export const nextTag = (): string => `n${randomBytes(4).toString('hex')}`;
