import { Script } from 'node:vm';

/** The folder of the shared SDL, and names that every object has. */
const RESERVED = new Set(['shared', ...Object.getOwnPropertyNames(Object.prototype)]);
const WORD = /^[a-z][a-z0-9]{1,20}$/;

/** @throws Error if constants and environment variables cannot be named after a BFF or an upstream */
export function checkName(name: string): void {
  if (!WORD.test(name)) {
    throw new Error(`"${name}" must be one lower-case word, because variables are named after it`);
  }
  if (RESERVED.has(name)) throw new Error(`"${name}" is reserved: choose another name`);
  if (!isIdentifier(name))
    throw new Error(`"${name}" is a word of JavaScript: choose another name`);
}

function isIdentifier(word: string): boolean {
  try {
    return Boolean(new Script(`'use strict'; const ${word} = 0;`));
  } catch {
    return false;
  }
}

/** `inventory` as the name of a type: "Inventory". */
export const toTypeName = (name: string): string => `${name[0]?.toUpperCase()}${name.slice(1)}`;
