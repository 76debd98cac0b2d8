import { readFile } from 'node:fs/promises';

const POLL_MS = 2_000;

/**
 * Reads files at an interval, which finds every way of replacing them: in place, by renaming, and by
 * the symbolic links of Kubernetes.
 * @param initial - the content in use; `onChange` is called when the files have another one
 * @param onChange - with the content of each file, empty for one that can't be read
 * @returns a function that ends it
 */
export function watchFiles(
  paths: readonly string[],
  initial: readonly string[],
  onChange: (texts: readonly string[]) => void,
  pollMs = POLL_MS,
): () => void {
  let known = initial.join('\n').trim();

  async function check(): Promise<void> {
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
    const content = texts.join('\n').trim();
    if (content === known) return;
    known = content;
    onChange(texts);
  }

  const timer = setInterval(() => void check(), pollMs).unref();
  return () => clearInterval(timer);
}
