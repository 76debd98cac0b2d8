import { diff } from 'node:util';
import type { Change } from './plan.ts';

const CONTEXT_LINES = 2;

/**
 * A change as a unified diff without line numbers, so that a page that shows it stays true when other
 * lines of the file move.
 */
export function toDiff({ path, before, after }: Change): string {
  const marked = diff(toLines(before), toLines(after)).map(
    ([operation, line]) => `${SIGNS[operation + 1]}${line}`,
  );
  const isShown = marked.map((_line, index) =>
    marked
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some((line) => !line.startsWith(' ')),
  );
  const shown = marked.flatMap((line, index) => {
    if (!isShown[index]) return [];
    return index > 0 && !isShown[index - 1] ? ['@@', line] : [line];
  });
  const source = before === undefined ? '/dev/null' : `a/${path}`;
  return [`--- ${source}`, `+++ b/${path}`, ...shown].map((line) => line.trimEnd()).join('\n');
}

/** By the operations of `diff`: inserted (-1), equal (0), removed (1). */
const SIGNS = ['+', ' ', '-'];

const toLines = (text: string | undefined): string[] =>
  text === undefined ? [] : text.replace(/\n$/, '').split('\n');
