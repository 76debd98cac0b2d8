import type { Account } from './accounts.ts';

const STYLE = `
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 26rem; padding: 0 1rem }
  button { font: inherit; width: 100%; margin: .25rem 0; padding: .6rem .8rem; text-align: start;
    display: flex; justify-content: space-between; gap: 1rem; cursor: pointer }
  small { opacity: .7 }
`;

/** The login page: a button for each user. The form's target names the login and the user. */
export const loginPage = (uid: string, client: string, accounts: readonly Account[]): string =>
  page(
    'Choose a user',
    `<p>Log in to <strong>${escapeHtml(client)}</strong>. This is the identity provider of a demo:
      it asks for no password. Never use it in production.</p>
    ${accounts.map((account) => accountForm(uid, account)).join('\n    ')}`,
  );

const accountForm = (uid: string, { id, name, role }: Account): string =>
  `<form method="post" action="/interaction/${encodeURIComponent(uid)}/${encodeURIComponent(id)}">` +
  `<button type="submit"><bdi>${escapeHtml(name)}</bdi><small>${role}, user ${escapeHtml(id)}</small>` +
  '</button></form>';

/** @param form - the library's form, whose id is `op.logoutForm` */
export const logoutPage = (form: string): string =>
  page(
    'Log out',
    `<p>Log out of the demo's identity provider?</p>
    ${form}
    <button type="submit" form="op.logoutForm" name="logout" value="yes">Log out</button>`,
  );

export const loggedOutPage = (): string => page('Logged out', '<p>You are logged out.</p>');

export const errorPage = (error: string, description = ''): string =>
  page(
    'Login failed',
    `<p>${escapeHtml(description || error)}</p><p><code>${escapeHtml(error)}</code></p>`,
  );

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
