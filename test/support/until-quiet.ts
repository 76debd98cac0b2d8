import { createToken, type Environment } from './environment.ts';

const QUIET_ROUNDS = 3;
const MAX_ROUNDS = 40;

/**
 * Resolves when no further upstream call starts: three requests in a row pass through the whole BFF,
 * and through the threads that verify tokens, without one. Client, BFF and services share this
 * process, so a call that was on its way has arrived by then, however slow the machine is.
 * @param expected - the number of calls; fewer are waited for longer
 */
export async function untilQuiet(
  { calls, send }: Pick<Environment, 'calls' | 'send'>,
  expected = 0,
): Promise<void> {
  const rounds = () => (calls().length < expected ? MAX_ROUNDS : QUIET_ROUNDS);
  for (let quiet = 0; quiet < rounds(); ) {
    const before = calls().length;
    const authorization = `Bearer ${await createToken('staff')}`;
    await send('{ __typename }', { headers: { authorization } });
    quiet = calls().length > before ? 0 : quiet + 1;
  }
}
