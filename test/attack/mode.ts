/** True for `npm run test:attack`, which runs all cases; `npm test` runs fewer and waits for none. */
export const isFull = process.env.ATTACK === 'full';

export const shortOrFull = <T>(short: T, full: T): T => (isFull ? full : short);

/** The reason to skip a test in the short mode; false in the full mode. */
export const SKIP_IN_SHORT_MODE = isFull ? false : 'takes long: npm run test:attack';
