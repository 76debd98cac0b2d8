import { badInput } from '../../errors.ts';
import type { OperationVariable } from '../operation-variables.ts';
import { faultIn } from '../value-fault.ts';

const MAX_FAULTS = 10;
const MAX_NAME_LENGTH = 100;

type Arguments = Readonly<Record<string, unknown>>;

/**
 * Checks the arguments of a call against the variables of its operation. The message names all that is
 * wrong, so that a model can correct the call.
 * @throws BffError BAD_USER_INPUT
 */
export function readArguments(
  given: Arguments,
  variables: readonly OperationVariable[],
): Record<string, unknown> {
  const names = new Set(variables.map(({ name }) => name));
  const faults = [
    ...Object.keys(given)
      .filter((name) => !names.has(name))
      .map((name) => `${name.slice(0, MAX_NAME_LENGTH)}: There is no such argument.`),
    ...variables.flatMap((variable) => faultOf(given, variable)),
  ];
  if (faults.length > 0) throw badInput(faults.slice(0, MAX_FAULTS).join(' '));
  return { ...given };
}

function faultOf(given: Arguments, { name, type, isRequired }: OperationVariable): string[] {
  if (!Object.hasOwn(given, name)) return isRequired ? [`${name}: Required.`] : [];
  const fault = faultIn(given[name], type);
  if (!fault) return [];
  const detail = fault.detail.endsWith('.') ? fault.detail : `${fault.detail}.`;
  return [`${[name, ...fault.path].join('.')}: ${detail}`];
}
