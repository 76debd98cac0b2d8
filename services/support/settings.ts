import { accessSync, constants, mkdirSync } from 'node:fs';
import { readSubscribers } from './events.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** In memory if undefined. */
  readonly dataDir: string | undefined;
  readonly subscribers: readonly string[];
  /** What is wrong, such as `DATA_DIR: must be a folder …`; then the values mean nothing. */
  readonly faults: readonly string[];
}

const PORT = /^\d{1,5}$/;
const MAX_PORT = 65_535;

/**
 * Reads what a stand-in service takes from the environment, secrets excepted, and makes its folder.
 * @param name - of the service, such as `user`
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
    ...(areSubscribers(subscribers)
      ? []
      : ['PURGE_URLS: must be at most 20 http or https addresses, separated by commas']),
    ...(dataDir === undefined || isWritableFolder(dataDir)
      ? []
      : ['DATA_DIR: must be a folder that can be written to, or a new one']),
  ];
  return { host: env.HOST || '127.0.0.1', port: Number(port), dataDir, subscribers, faults };
}

export const portVariable = (name: string): string => `${name.toUpperCase()}_SERVICE_PORT`;

const isPort = (text: string): boolean => PORT.test(text) && Number(text) <= MAX_PORT;

function areSubscribers(urls: readonly string[]): boolean {
  try {
    readSubscribers({ urls });
    return true;
  } catch {
    return false;
  }
}

function isWritableFolder(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
