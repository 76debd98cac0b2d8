import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gone when the bench ends. */
export const scratchFolder = mkdtempSync(join(tmpdir(), 'frontdesk-bench-'));
process.once('exit', () => rmSync(scratchFolder, { recursive: true, force: true }));

/** A file's path that is gone when the bench ends. */
export const scratchFile = (name: string): string => join(scratchFolder, name);
