import { registerHooks } from 'node:module';

/** Modules with documents of Relay, and what relay-compiler has made of them. */
export const RELAY_EXAMPLE = new URL('./examples/relay/', import.meta.url);
export const RELAY_MANIFEST = new URL('./generated/persisted.json', RELAY_EXAMPLE);

const TAG = /graphql`\s*(?:query|mutation|subscription|fragment) (\w+)[^`]*`/g;

/**
 * Replaces the tags in modules of the example by their artifacts, as babel-plugin-relay does, and finds
 * the artifacts that artifacts import, as bundlers do.
 */
export function compileRelayTags(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      return nextResolve(specifier.replace(/\.graphql$/, '.graphql.ts'), context);
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith(RELAY_EXAMPLE.href)) return loaded;
      const imports: string[] = [];
      const text = Buffer.from(loaded.source as Uint8Array).toString();
      const source = text.replace(TAG, (_tag, name: string) => {
        imports.push(`import ${name}_ from './generated/${name}.graphql.ts';`);
        return `${name}_`;
      });
      return { ...loaded, source: `${imports.join(' ')} ${source}` };
    },
  });
}
