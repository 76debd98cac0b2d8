import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';

const MAX_HEADERS = 1_000;
/** Browsers send shorter ones. */
const MAX_HEADER_LENGTH = 256;
// A language, and a region or script (RFC 5646 §2.1), as services and cache keys can take it.
const LOCALE = /^[a-z]{2,3}(-[a-z\d]{2,8}){0,2}$/i;

/**
 * Reads the language that a client prefers from Accept-Language (RFC 9110 §12.5.4): the one with the
 * highest weight that is not 0, in lower case. Undefined for `*` and for headers over 256 bytes. Recent
 * headers are remembered, because the language is part of every cache key.
 */
export function createLocaleReader() {
  const known = new LRUCache<string, string>({ max: MAX_HEADERS });

  return (acceptLanguage: string | undefined): string | undefined => {
    if (!acceptLanguage || acceptLanguage.length > MAX_HEADER_LENGTH) return undefined;
    let locale = known.get(acceptLanguage);
    if (locale === undefined) {
      locale = preferredLocale(acceptLanguage);
      known.set(acceptLanguage, locale);
    }
    return locale || undefined;
  };
}

/** @returns an empty text if there is none */
function preferredLocale(acceptLanguage: string): string {
  const languages = new Negotiator({
    headers: { 'accept-language': acceptLanguage },
  }).languages();
  return languages.find((language) => LOCALE.test(language))?.toLowerCase() ?? '';
}
