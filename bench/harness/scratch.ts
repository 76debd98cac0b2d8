import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder, removed when the bench exits. */
export const scratchFolder = mkdtempSync(join(tmpdir(), 'frontdesk-bench-'));
process.once('exit', () => rmSync(scratchFolder, { recursive: true, force: true }));

/** Path of a file in the temporary folder. */
export const scratchFile = (name: string): string => join(scratchFolder, name);
