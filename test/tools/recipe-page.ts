import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from '../../tools/tree.ts';

const DIFF = /^```diff\n([\s\S]*?)^```$/gm;
const OUTPUT = /^```text\n([\s\S]*?)^```$/m;

/**
 * A page in docs/ that shows what a command of `npm run new` prints: its output in a `text` block, and
 * the diff of each file in a `diff` block.
 */
export class RecipePage {
  readonly #file: URL;

  constructor(name: string) {
    this.#file = new URL(`docs/${name}`, ROOT);
  }

  /** The output of the command, without the numbers of lines, which other changes move. */
  get output(): string {
    const [, output = ''] = OUTPUT.exec(this.#text) ?? [];
    return withoutLineNumbers(output);
  }

  /** The diffs by the paths of their files. */
  get diffs(): ReadonlyMap<string, string> {
    return byPath([...this.#text.matchAll(DIFF)].map(([, diff = '']) => diff));
  }

  /** Writes the output and the diffs in the place of those that the page shows. */
  update(output: string, diffs: ReadonlyMap<string, string>): void {
    const text = this.#text
      .replace(OUTPUT, () => `\`\`\`text\n${output}\`\`\``)
      .replace(DIFF, (block, diff: string) => {
        const current = diffs.get(pathOf(diff));
        return current === undefined ? block : `\`\`\`diff\n${current}\`\`\``;
      });
    writeFileSync(this.#file, text);
  }

  get #text(): string {
    return readFileSync(this.#file, 'utf8');
  }
}

/** The diffs that `npm run new -- … --diff` prints, by the paths of their files. */
export const diffsOf = (output: string): ReadonlyMap<string, string> =>
  byPath(output.split(/\n(?=\n--- )/).map((diff) => `${diff.trim()}\n`));

export const withoutLineNumbers = (output: string): string => output.replace(/:\d+$/gm, '');

const byPath = (diffs: readonly string[]): ReadonlyMap<string, string> =>
  new Map(diffs.map((diff) => [pathOf(diff), diff]));

const pathOf = (diff: string): string => /^\+\+\+ b\/(.*)$/m.exec(diff)?.[1] ?? '';
