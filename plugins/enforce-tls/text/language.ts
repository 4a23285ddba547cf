/** The languages that notices to senders are written in. Pure. */

/** Their tags (BCP 47); the first one is for whoever states none. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl'] as const

/** One of them. */
export type Language = (typeof LANGUAGES)[number]

/**
 * The language for a range such as `de-AT`, by the lookup of RFC 4647 section 3.4: as none of ours has more than one
 * subtag, what is left of any range in the end is its first one. `null` for a language that is none of ours.
 */
export function languageFor(range: string): Language | null {
  const [primary = ''] = range.toLowerCase().split('-', 1)
  return LANGUAGES.find((language) => language === primary) ?? null
}

/** Its English name. */
export function languageName(language: Language): string {
  return new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language
}
