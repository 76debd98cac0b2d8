const MAX_CONCURRENT = 16;

/** Maps the items in their order, sixteen at a time. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const remaining = items.entries();
  const work = async () => {
    for (const [index, item] of remaining) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, work));
  return results;
}
