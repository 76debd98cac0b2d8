import type { CommittedOperation } from './committed.ts';
import type { Operation } from './operation.ts';

/** The operations registered before start, by every id that clients may use. */
export type TrustedOperations = ReadonlyMap<string, Operation>;

/** Combines the committed operations, in both forms that clients send, and those of a manifest. */
export function toTrusted(
  committed: readonly CommittedOperation[],
  manifest: ReadonlyMap<string, Operation> = new Map(),
): TrustedOperations {
  const operations = committed.flatMap((operation) => [operation, operation.withTypenames]);
  return new Map<string, Operation>([
    ...[...operations, ...manifest.values()].map(
      (operation) => [operation.hash, operation] as const,
    ),
    ...committed.flatMap(({ otherHashes }) => [...otherHashes]),
    ...manifest,
  ]);
}
