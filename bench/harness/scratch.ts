import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'frontdesk-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A file's path that is gone when the bench ends. */
export const scratchFile = (name: string): string => join(folder, name);
