import type { CommittedOperation } from './committed.ts';
import type { Manifest } from './manifest-files.ts';
import type { Operation } from './operation.ts';

/** The registered operations, by every id that clients may use. */
export type TrustedOperations = ReadonlyMap<string, Operation>;

/** Combines the committed operations, in both forms that clients send, and those of manifests. */
export function toTrusted(
  committed: readonly CommittedOperation[],
  manifests: readonly Manifest[] = [],
): TrustedOperations {
  const forms = committed.flatMap((operation) => [operation, operation.withTypenames]);
  const released = manifests.flatMap(({ operations }) => [...operations]);
  const operations: Operation[] = [...released.map(([, operation]) => operation), ...forms];
  return new Map<string, Operation>([
    ...released,
    ...operations.map((operation) => [operation.hash, operation] as const),
    ...committed.flatMap(({ otherHashes }) => [...otherHashes]),
  ]);
}
