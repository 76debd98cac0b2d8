import { loadConfig } from '../src/config.ts';
import { exitWith, serve } from '../src/server/http.ts';
import { withSecretFiles } from '../src/server/secret-files.ts';
import { partner } from './bff.ts';

try {
  await serve(partner, loadConfig(withSecretFiles(process.env), partner));
} catch (error) {
  exitWith(error);
}
