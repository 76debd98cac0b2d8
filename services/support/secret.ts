import { readFileSync } from 'node:fs';

/**
 * Reads a secret from the environment, or from the file named by `<name>_FILE`.
 * @throws Error if both are set, or the file is empty or unreadable
 */
export function readSecret(name: string): string | undefined {
  const value = process.env[name];
  const file = process.env[`${name}_FILE`];
  if (!file) return value || undefined;
  if (value) throw new Error(`set ${name} or ${name}_FILE, not both`);
  // An empty file must not turn authentication off.
  const content = read(file).trim();
  if (content === '') throw new Error(`${name}_FILE is empty or unreadable: ${file}`);
  return content;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
