import { readFileSync } from 'node:fs';

/** A secret from the environment, or from the file that `<name>_FILE` points to. */
export function readSecret(name: string): string | undefined {
  const value = process.env[name];
  const file = process.env[`${name}_FILE`];
  if (!file) return value || undefined;
  if (value) throw new Error(`set ${name} or ${name}_FILE, not both`);
  // A demand for credentials must not end because a file happens to be empty.
  const content = read(file).trim();
  if (content === '') throw new Error(`${name}_FILE is empty or cannot be read: ${file}`);
  return content;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
