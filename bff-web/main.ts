import { loadConfig } from '../src/config.ts';
import { exitWith, serve } from '../src/server/http.ts';
import { withSecretFiles } from '../src/server/secret-files.ts';
import { web } from './bff.ts';

try {
  await serve(web, loadConfig(withSecretFiles(process.env), web));
} catch (error) {
  exitWith(error);
}
