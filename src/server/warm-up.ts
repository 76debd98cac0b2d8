import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommittedOperation, Compiler } from '../operations/index.ts';

/**
 * Compiles the committed operations, in both forms that clients send, so that the first requests after
 * a start are as fast as later ones. Requests that arrive meanwhile are answered in between.
 */
export async function warmUp(
  committed: readonly CommittedOperation[],
  { prepare }: Pick<Compiler, 'prepare'>,
): Promise<void> {
  for (const { document, withTypenames } of committed) {
    await nextTurn();
    prepare(document);
    prepare(withTypenames.document);
  }
}
