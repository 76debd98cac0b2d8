import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';
import { serviceSecrets } from './upstream-services.ts';
import { SECRETS } from './variables.ts';

/**
 * Copies the environment, with the content of `<NAME>_FILE` as `<NAME>` for each secret that has one.
 * @throws ConfigError that lists every unreadable file
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = { ...env };
  const unreadable: string[] = [];
  for (const name of [...SECRETS, ...serviceSecrets(env)]) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    try {
      read[name] = readFileSync(file, 'utf8').trim();
    } catch {
      unreadable.push(`${name}_FILE: there is no readable file at "${file}"`);
    }
  }
  if (unreadable.length === 0) return read;
  throw new ConfigError(unreadable);
}
