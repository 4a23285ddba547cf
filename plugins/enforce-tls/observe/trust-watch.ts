/**
 * Looks at the named trusts from time to time: says once in the log what is wrong with one, or will be, and by mail to
 * those of `[alert] to`. Of all processes of a machine one writes the mail. Works beside the deliveries: what cannot be
 * read or sent now is tried again at the next look.
 */
import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { addAlternatives, automaticMail, written } from '../delivery/bounce/mime.js'
import { fillText } from '../delivery/bounce/template.js'
import { trustSentences, type TrustFacts, type TrustSentence } from '../delivery/tls/trust-facts.js'
import type { HarakaLogger } from '../haraka/types.js'
import type { Settings } from '../settings/types.js'
import type { AlertState } from '../store/alert-state.js'
import { errorMessage } from '../text/error-message.js'
import { listed } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import { NOTE_PREFIX } from './alerts/partners.js'

/** What it needs of the process. */
export interface TrustWatchContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn' | 'logerror'>
  /** Those in force now. */
  readonly settings: () => Settings['alert']
  readonly facts: () => readonly TrustFacts[]
  /** Called when a trust that could not be used can be used again. */
  readonly mended: () => void
  /** Where it is noted what was said, shared by all processes. */
  readonly open: () => AlertState
  /** This server's name. */
  readonly me: () => string
  /** Puts a mail from the null sender into the queue; rejects where that can't be done. */
  readonly queue: (to: readonly string[], contents: string) => Promise<void>
}

/** Between two looks, in milliseconds: a file that was replaced is seen soon, and costs little. */
const PAUSE = 60_000

/** The watch of one process. */
export class TrustWatch {
  readonly #context: TrustWatchContext
  /** What the log says of, as it was when it was said. */
  #logged = new Set<string>()
  /** Names of those that could not be used at the last look. */
  #unusable: ReadonlySet<string> = new Set<string>()
  /** What is noted for all processes, as far as this one knows; `null` before the first look. */
  #noted: string | null = null
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #trouble = ''
  #closed = false

  constructor(context: TrustWatchContext) {
    this.#context = context
  }

  /** Looks again and again. @param pause before the first look, in milliseconds */
  begin(pause: number): void {
    if (this.#closed) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#looking = this.#looking.then(() => this.#look())
      this.begin(PAUSE)
    }, pause).unref()
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#looking
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    // Deliveries, and so the queue, are the business of the workers.
    if (this.#closed || (cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0)) return
    try {
      const facts = this.#context.facts()
      this.#sayMended(facts)
      const sentences = facts.flatMap(trustSentences)
      this.#log(sentences)
      if (this.#context.settings().to.length > 0) await this.#notify(sentences)
      this.#trouble = ''
    } catch (error) {
      const trouble = errorMessage(error)
      if (trouble !== this.#trouble)
        this.#context.logger.logwarn(`alerts on trusts cannot be sent now, trying again: ${trouble}`)
      this.#trouble = trouble
    }
  }

  /** Mail waits for what could not be used, also where other things are wrong. */
  #sayMended(facts: readonly TrustFacts[]): void {
    const unusable = new Set(facts.filter(({ problem }) => problem !== null).map(({ name }) => name))
    const isMended = [...this.#unusable].some((name) => !unusable.has(name))
    this.#unusable = unusable
    if (isMended) this.#context.mended()
  }

  #log(sentences: readonly TrustSentence[]): void {
    const { logger } = this.#context
    for (const { key, text, isUrgent } of sentences)
      if (!this.#logged.has(key)) logger[isUrgent ? 'logerror' : 'logwarn'](text)
    const now = new Set(sentences.map(({ key }) => key))
    if ([...this.#logged].some((key) => !now.has(key)) && now.size === 0)
      logger.lognotice('all trusts are in order again')
    this.#logged = now
  }

  async #notify(sentences: readonly TrustSentence[]): Promise<void> {
    const wanted = JSON.stringify(sentences.map(({ key }) => key))
    if (wanted === this.#noted) return
    const { open, me, settings, queue, logger } = this.#context
    // Each machine has files of its own.
    const name = `${NOTE_PREFIX}trusts of ${me()}`
    const state = open()
    try {
      const before = await state.read(name)
      const known = new Set(keysIn(before))
      const news = sentences.filter(({ key }) => !known.has(key))
      // Whoever notes it first writes the mail.
      const isOurs =
        before === wanted || (await state.replace(name, before, sentences.length === 0 ? null : wanted))
      if (isOurs && before !== wanted && news.length > 0) {
        const { to, from } = settings()
        try {
          await queue(to, await composeMail(news, { me: me(), from: from || `MAILER-DAEMON@${me()}`, to }))
        } catch (error) {
          await state.replace(name, wanted, before)
          throw error
        }
        logger.lognotice(
          `alert queued for ${to.join(', ')}: ${news.map(({ key }) => oneLine(key)).join('; ')}`,
        )
      }
      if (isOurs) this.#noted = wanted
    } finally {
      await state.close()
    }
  }
}

function keysIn(text: string | null): readonly unknown[] {
  try {
    const keys: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(keys) ? keys : []
  } catch {
    return []
  }
}

async function composeMail(
  news: readonly TrustSentence[],
  { me, from, to }: { readonly me: string; readonly from: string; readonly to: readonly string[] },
): Promise<string> {
  const names = [...new Set(news.map(({ key }) => key.slice(0, key.indexOf(':'))))]
  const what = news.some(({ isUrgent }) => isUrgent)
    ? 'Mail waits: TLS trust'
    : 'Soon to be mended: TLS trust'
  const root = automaticMail('alternative', {
    from,
    to,
    subject: oneLine(`${what} ${listed(names, 3)}`, 200),
    date: new Date(),
    messageId: `<${randomUUID()}@${me}>`,
  })
  const text = fillText(['', '- {news}', '', '{footer}'], {
    single: {
      footer: `Sent by the mail system of ${me}; trusts are the sections [trust:<name>] of enforce-tls.ini, and enforce-tls status shows them all.`,
    },
    lists: { news: news.map((each) => oneLine(each.text, 1000)) },
  })
  addAlternatives(root, text, '')
  return await written(root)
}
