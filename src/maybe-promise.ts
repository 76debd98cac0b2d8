/** A value that is there already, or a promise of it where something has to be awaited. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Calls a function with a value: at once if it is there, otherwise when its promise resolves. A chain of
 * these calls stays in one turn of the event loop for as long as nothing has to be awaited.
 */
export const andThen = <T, U>(
  value: MaybePromise<T>,
  phase: (value: T) => MaybePromise<U>,
): MaybePromise<U> => (value instanceof Promise ? value.then(phase) : phase(value));
