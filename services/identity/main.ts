import { runService } from '../support/run-service.ts';
import { readSecret } from '../support/secret.ts';
import { DEMO_CLIENT_SECRET } from './client.ts';

await runService({
  name: 'identity',
  defaultPort: 5010,
  create: async () => {
    const { createIdentityProvider } = await import('./service.ts');
    return createIdentityProvider({
      clientSecret: readSecret('LOGIN_CLIENT_SECRET') ?? DEMO_CLIENT_SECRET,
      clientUrl: process.env.PUBLIC_URL || 'http://127.0.0.1:4000',
    });
  },
});
