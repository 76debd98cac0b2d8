import type { CommittedOperation } from './committed.ts';
import type { Operation } from './operation.ts';

/** Operations that are known from the start, by each id that clients may call them. */
export type TrustedOperations = ReadonlyMap<string, Operation>;

/** The committed operations, as they are and as caching clients send them, and those of a manifest. */
export function toTrusted(
  committed: readonly CommittedOperation[],
  manifest: ReadonlyMap<string, Operation> = new Map(),
): TrustedOperations {
  const operations = committed.flatMap((operation) => [operation, operation.withTypenames]);
  return new Map<string, Operation>([
    ...[...operations, ...manifest.values()].map(
      (operation) => [operation.hash, operation] as const,
    ),
    ...manifest,
  ]);
}
