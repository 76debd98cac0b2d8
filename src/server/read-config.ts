import { loadApiKeys } from '../auth/api-keys.ts';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError, loadConfig } from '../config/index.ts';
import { withSecretFiles } from '../config/secret-files.ts';
import { buildSchema } from './build-schema.ts';
import { loadGivenManifests } from './load-operations.ts';

/**
 * Reads the configuration of one BFF from the environment, and validates every file that it names.
 * @throws ConfigError that names every variable at fault, also those that name a file
 */
export function readConfig(env: NodeJS.ProcessEnv, bff: BffDefinition): Config {
  const faults = allFaults(env, bff);
  if (faults.length > 0) throw new ConfigError(faults);
  return loadConfig(withSecretFiles(env), bff);
}

/** Collects the faults of all parts. The server reads the same files again when it is created. */
function allFaults(env: NodeJS.ProcessEnv, bff: BffDefinition): string[] {
  const { API_KEYS_PATH: keys, OPERATIONS_MANIFEST: manifest } = env;
  const secrets = faultsOf(() => withSecretFiles(env));
  const variables = faultsOf(() =>
    loadConfig(secrets.length > 0 ? env : withSecretFiles(env), bff),
  );
  const takesKeys = bff.credentials.includes('key');
  return [
    ...secrets,
    ...variables.filter((fault) => !secrets.some((secret) => isOfSameVariable(secret, fault))),
    ...(keys && takesKeys ? faultsOf(() => loadApiKeys(keys)) : []),
    ...(manifest ? faultsOf(() => loadGivenManifests(manifest, buildSchema(bff))) : []),
  ];
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** True if a variable is missing only because the file with its value can't be read. */
const isOfSameVariable = (secret: string, fault: string): boolean =>
  secret.startsWith(`${fault.split(':', 1)[0]}_FILE:`);
