import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';
import { serviceSecrets } from './upstream-services.ts';
import { SECRETS } from './variables.ts';

/**
 * Copies the environment, with the content of `<NAME>_FILE` as `<NAME>` for each secret that has one.
 * @throws ConfigError that lists every file that is unreadable or empty: it must not turn a secret off
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = { ...env };
  const faults: string[] = [];
  for (const name of [...SECRETS, ...serviceSecrets(env)]) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    try {
      read[name] = readFileSync(file, 'utf8').trim();
      if (!read[name]) faults.push(`${name}_FILE: is empty`);
    } catch {
      faults.push(`${name}_FILE: there is no readable file at "${file}"`);
    }
  }
  if (faults.length === 0) return read;
  throw new ConfigError(faults);
}
