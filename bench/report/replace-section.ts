import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Replaces the text between the markers `<!-- name -->` and `<!-- /name -->` of a file. Without markers,
 * the section is appended.
 */
export function replaceSection(file: URL, name: string, text: string): void {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const old = readFileSync(file, 'utf8');
  const section = `${open}\n\n${text.trim()}\n\n${close}`;
  const [start, end] = [old.indexOf(open), old.indexOf(close)];
  const changed =
    start >= 0 && end > start
      ? old.slice(0, start) + section + old.slice(end + close.length)
      : `${old.trimEnd()}\n\n${section}\n`;
  writeFileSync(file, changed);
}
