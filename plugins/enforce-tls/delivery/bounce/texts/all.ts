/** The texts of every language: one that is missing here, or that lacks a text, does not compile. */
import type { Language } from '../../../text/language.js'
import { de } from './de.js'
import { en } from './en.js'
import { es } from './es.js'
import { fr } from './fr.js'
import { it } from './it.js'
import { nl } from './nl.js'
import type { NoticeTexts } from './types.js'

export const TEXTS: Readonly<{ [L in Language]: NoticeTexts & { readonly language: L } }> = {
  en,
  de,
  fr,
  es,
  it,
  nl,
}
