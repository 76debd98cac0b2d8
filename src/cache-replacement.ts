const REPLACEMENT_PROBABILITY = 1 / 128;

/**
 * Decides whether a new entry may replace another one in a full cache that is cheap to miss: one time in
 * 128, at random. What is requested often is soon in the cache, and stays there.
 *
 * If every entry could, requests for many different ones would replace all entries several times a second.
 * Each would live just long enough for V8 to move it to its old generation, whose collections take long.
 */
export const mayReplace = (): boolean => Math.random() < REPLACEMENT_PROBABILITY;
