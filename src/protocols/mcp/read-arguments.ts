import { badInput } from '../../errors.ts';
import type { OperationVariable } from '../operation-variables.ts';
import { faultsInMembers, MAX_FAULTS, type ValueFault } from '../value-fault.ts';

/**
 * Checks the arguments of a call against the variables of its operation. The message names all that is
 * wrong, so that a model can correct the call.
 * @throws BffError BAD_USER_INPUT
 */
export function readArguments(
  given: Readonly<Record<string, unknown>>,
  variables: readonly OperationVariable[],
): Record<string, unknown> {
  const faults = faultsInMembers(given, variables, 'There is no such argument.');
  if (faults.length > 0) throw badInput(faults.slice(0, MAX_FAULTS).map(toSentence).join(' '));
  return { ...given };
}

const toSentence = ({ path, detail }: ValueFault): string =>
  `${path.join('.')}: ${detail}${detail.endsWith('.') ? '' : '.'}`;
