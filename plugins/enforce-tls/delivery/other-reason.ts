/** Why a message was not delivered where TLS is not to blame, in words, as far as they are known. Pure. */
import type { HarakaAddress } from '../haraka/types.js'
import { listed } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { Attempt } from './outcome.js'

/** So many answers are told apart. */
const ANSWERS_MAX = 3
const WORDS_MAX = 300

/**
 * What a server answered about the recipients, or else Haraka's reason.
 *
 * @param attempt the last one; what recipients bear of an earlier one says nothing where this one failed or there was none
 */
export function reasonWithoutTls(
  recipients: readonly HarakaAddress[],
  attempt: Pick<Attempt, 'host' | 'failure'> | null,
  reason: string,
): string {
  const answers = attempt?.failure === null ? answersOf(recipients) : []
  return answers.length > 0
    ? oneLine(`${attempt?.host ?? ''} answered ${listed(answers, ANSWERS_MAX)}`, WORDS_MAX)
    : oneLine(reason, WORDS_MAX)
}

/** Each answer once, with its words. */
export function answersOf(recipients: readonly HarakaAddress[]): string[] {
  const answers = recipients.map(({ dsn_smtp_code, dsn_smtp_extc, dsn_smtp_response }) =>
    dsn_smtp_code ? [dsn_smtp_code, dsn_smtp_extc, dsn_smtp_response].filter(Boolean).join(' ') : '',
  )
  return [...new Set(answers)].filter((answer) => answer !== '')
}
