import { loadConfig } from '../src/config.ts';
import { exitWith, serve } from '../src/server/http.ts';
import { withSecretFiles } from '../src/server/secret-files.ts';
import { mobile } from './bff.ts';

try {
  await serve(mobile, loadConfig(withSecretFiles(process.env), mobile));
} catch (error) {
  exitWith(error);
}
