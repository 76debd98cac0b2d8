import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** A place where the recipe chose a default that a person should confirm or replace. */
export interface Decision {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly question: string;
}

export interface Change {
  /** Relative to the root of the tree. */
  readonly path: string;
  /** Undefined for a new file. */
  readonly before: string | undefined;
  readonly after: string;
}

/** ` //? text` or ` #? text` at the end of a line of a template marks a decision; it is not written. */
const MARK = / *(?:\/\/|#)\? (.+)$/;

/**
 * The changes of one recipe, kept in memory until all of them are known to be possible, so that a
 * recipe writes everything or nothing.
 */
export class Plan {
  readonly #root: URL;
  readonly #before = new Map<string, string | undefined>();
  readonly #after = new Map<string, string>();
  readonly #marked: { path: string; text: string; question: string }[] = [];

  constructor(root: URL) {
    this.#root = root;
  }

  /** @throws Error if the file exists */
  create(path: string, template: string): void {
    if (this.exists(path)) throw new Error(`${path} exists already`);
    this.#before.set(path, undefined);
    this.#set(path, template);
  }

  /** @throws Error with the path, if `change` throws */
  edit(path: string, change: (text: string) => string): void {
    const text = this.read(path);
    if (!this.#before.has(path)) this.#before.set(path, text);
    try {
      this.#set(path, change(text));
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The text of a file after the changes so far. */
  read(path: string): string {
    return this.#after.get(path) ?? readFileSync(new URL(path, this.#root), 'utf8');
  }

  exists(path: string): boolean {
    return this.#after.has(path) || existsSync(new URL(path, this.#root));
  }

  get changes(): Change[] {
    return [...this.#after].map(([path, after]) => ({
      path,
      before: this.#before.get(path),
      after,
    }));
  }

  /** The decisions, where their lines are now: a formatter may have moved them. */
  get decisions(): Decision[] {
    return this.#marked.map(({ path, text, question }) => {
      const lines = readFileSync(new URL(path, this.#root), 'utf8').split('\n');
      return { path, line: lines.indexOf(text) + 1 || 1, question };
    });
  }

  write(): void {
    for (const [path, text] of this.#after) {
      const url = new URL(path, this.#root);
      mkdirSync(new URL('.', url), { recursive: true });
      writeFileSync(url, text);
    }
  }

  /** Undoes `write`. */
  revert(): void {
    for (const { path, before } of this.changes) {
      const url = new URL(path, this.#root);
      if (before === undefined) rmSync(url);
      else writeFileSync(url, before);
    }
  }

  #set(path: string, marked: string): void {
    const lines = marked.split('\n').map((line) => {
      const [mark, question] = MARK.exec(line) ?? [];
      if (!mark || !question) return line;
      const text = line.slice(0, -mark.length);
      this.#marked.push({ path, text, question });
      return text;
    });
    this.#after.set(path, lines.join('\n'));
  }
}
