import { accessSync, constants, mkdirSync } from 'node:fs';
import { subscribersSchema } from './event-publisher.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** The folder of the database file; undefined keeps data in memory. */
  readonly dataDir: string | undefined;
  readonly subscribers: readonly string[];
  /** Invalid variables, such as `DATA_DIR: must be a folder …`. If there are any, ignore the other values. */
  readonly faults: readonly string[];
}

const PORT = /^\d{1,5}$/;
const MAX_PORT = 65_535;

/**
 * Reads the settings of a service from the environment, except its secrets, and creates `dataDir`.
 * @param name - the service, such as `user`
 */
export function readSettings(env: NodeJS.ProcessEnv, name: string, defaultPort: number): Settings {
  const variable = portVariable(name);
  const port = env[variable] || String(defaultPort);
  const dataDir = env.DATA_DIR || undefined;
  const subscribers = (env.PURGE_URLS ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter(Boolean);
  const faults = [
    ...(isPort(port) ? [] : [`${variable}: must be a port number, 0 to ${MAX_PORT}`]),
    ...(subscribersSchema.safeParse({ urls: subscribers }).success
      ? []
      : ['PURGE_URLS: must be at most 20 http or https addresses, separated by commas']),
    ...(dataDir === undefined || isWritableFolder(dataDir)
      ? []
      : ['DATA_DIR: must be a folder that can be written to, or a new one']),
  ];
  return { host: env.HOST || '127.0.0.1', port: Number(port), dataDir, subscribers, faults };
}

/** The identity provider is no upstream, so its variable has another form. */
export const portVariable = (name: string): string =>
  name === 'identity' ? 'IDENTITY_PORT' : `${name.toUpperCase()}_SERVICE_PORT`;

const isPort = (text: string): boolean => PORT.test(text) && Number(text) <= MAX_PORT;

function isWritableFolder(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
