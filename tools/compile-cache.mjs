// Preloaded by the scripts that start something: what was compiled once is kept on disk, which halves
// the time until a BFF is ready. In JavaScript, because the stripper of types is part of what is saved.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
