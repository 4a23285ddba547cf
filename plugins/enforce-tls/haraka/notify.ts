/**
 * What a client wants its sender to be notified of (RFC 3461 section 4.1, `NOTIFY` of a RCPT command), as far as it
 * counts here: recipients for whom a notice of delay is not wanted. Haraka forgets it after the command, so it goes
 * into the notes of the message, which are in the queue file. A plugin may have put anything there.
 */
import { addressText } from './address.js'
import type { HarakaAddress, HarakaTodo, HarakaTransaction } from './types.js'

const NOTE = 'enforce_tls_no_delay_notice'

/** Notes what a RCPT command says. @param params of the command, names in upper case */
export function noteNotify(
  { notes }: Pick<HarakaTransaction, 'notes'>,
  recipient: HarakaAddress,
  params: Readonly<Record<string, unknown>> | undefined,
): void {
  const { NOTIFY: wanted } = params ?? {}
  const unwanted = unwantedIn(notes)
  const address = addressText(recipient)
  // The same recipient may be said twice; the last word counts.
  const others = unwanted.filter((each) => each !== address)
  const isUnwanted = typeof wanted === 'string' && !wanted.toUpperCase().split(',').includes('DELAY')
  if (isUnwanted) notes[NOTE] = [...others, address]
  else if (others.length < unwanted.length) notes[NOTE] = others
}

/** The recipients about whom a notice of delay may be sent; without a word of the client's it may. */
export function delayNoticeRecipients({
  notes,
  rcpt_to,
}: Pick<HarakaTodo, 'notes' | 'rcpt_to'>): HarakaAddress[] {
  const unwanted = new Set(unwantedIn(notes))
  return unwanted.size === 0 ? rcpt_to : rcpt_to.filter((each) => !unwanted.has(addressText(each)))
}

function unwantedIn(notes: Readonly<Record<string, unknown>>): string[] {
  const noted = notes[NOTE]
  return Array.isArray(noted) ? noted.filter((each) => typeof each === 'string') : []
}
