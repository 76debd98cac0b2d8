/** Resolves the values of an object, which may be promises. */
export async function resolveValues<T>(
  promises: Readonly<Record<string, Promise<T> | T>>,
): Promise<Record<string, T>> {
  const entries = Object.entries(promises).map(
    async ([name, promise]) => [name, await promise] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
