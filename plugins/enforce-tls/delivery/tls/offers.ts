/**
 * Which extensions a server offers in its reply to EHLO or LHLO (RFC 5321 section 4.1.1.1), for a check as for a delivery:
 * a keyword in any case, behind the first line, which names the host. Pure.
 *
 * What stands behind a keyword counts for nothing: STARTTLS, REQUIRETLS and SMTPUTF8 have no parameters, and what an offer
 * is worth shows when it is used. A server that writes `REQUIRETLS x` is told MAIL with REQUIRETLS, and promises what that
 * asks for by taking it, or refuses it.
 */
import { isLast } from './reply-guard.js'
import type { Reply } from './smtp-reply.js'

/** Whether a whole reply offers an extension. @param keyword in capitals */
export function offers({ code, lines }: Reply, keyword: string): boolean {
  return code === 250 && lines.slice(1).some((line) => isOffer(line, keyword))
}

/** The same of replies that come line by line, whatever they answer. */
export class OfferLines {
  #isFirst = true

  /** Takes the next line, with its code and without its end. @returns whether it offers the extension */
  take(line: string, keyword: string): boolean {
    const isFirst = this.#isFirst
    this.#isFirst = isLast(line)
    return !isFirst && /^250[ -]/.test(line) && isOffer(line.slice(4), keyword)
  }
}

function isOffer(text: string, keyword: string): boolean {
  return text.trim().split(/\s+/, 1)[0]?.toUpperCase() === keyword
}
