/** `enforce-tls queue retry`, `fail` and `release`: orders for mail that waits, and what became of them. */
import { numbered } from '../text/list.js'
import { quote } from '../text/quote.js'
import { untriedRemarks, whatWillHappen } from '../waiting/format-waiting.js'
import { giveOrders, type OrderResult } from '../waiting/give-orders.js'
import type { Action } from '../waiting/orders.js'
import { readWaiting, type Waiting, type WaitingFilter } from '../waiting/read-waiting.js'
import { confirmRemoval } from './ask.js'
import type { Context } from './context.js'
import { Ended, Refusal, WrongUse } from './refusal.js'

const REASON_MAX = 500
/** Results that are shown one by one. */
const SHOWN_MAX = 10

interface How {
  readonly yes: boolean
  readonly reason: string
}

/** Orders something for all that fits. @throws {Refusal} where nothing does, or nobody confirms it. */
export async function orderByUser(
  context: Context,
  action: Action,
  filter: WaitingFilter,
  how: How,
): Promise<void> {
  const found = await readWaiting(context.waiting(), filter)
  const missing = (filter.ids ?? []).filter((id) => !found.messages.some((message) => message.id === id))
  if (missing.length > 0 || found.messages.length === 0)
    throw new Refusal(
      [
        missing.length > 0 ? `not waiting: ${missing.map(quote).join(', ')}` : 'no such message is waiting',
        ...untriedRemarks(found.nodes),
      ],
      [context.command('queue', 'list')],
    )
  await carryOut(context, action, found, how)
}

/** Releases one message. @throws {Refusal} where it is not allowed, not waiting, or nobody confirms it. */
export async function releaseByUser(context: Context, id: string, how: How): Promise<void> {
  const reason = how.reason.trim()
  if (reason === '' || reason.length > REASON_MAX)
    throw new WrongUse([
      `--reason is ${reason === '' ? 'empty' : `longer than ${REASON_MAX} characters`}; say why, for the history`,
    ])
  // Beside --redis and --file only Haraka itself knows; it refuses then.
  if (context.asHaraka && !context.settings.failure.allowRelease)
    throw new Refusal([
      'messages cannot be released here; set [failure] allow_release=true in enforce-tls.ini',
    ])
  await orderByUser(context, 'release', { ids: [id] }, { ...how, reason })
}

async function carryOut(
  { output, command, waiting, by }: Context,
  action: Action,
  found: Waiting,
  { yes, reason }: How,
): Promise<void> {
  const [first] = found.messages
  const all = ['queue', action, ...(found.messages.length === 1 && first ? [first.id] : ['--all', '…'])]
  await confirmRemoval(output, yes, {
    question: `${whatWillHappen(action, found.messages)} Go on?`,
    refused: 'nothing was done',
    command: command(...all, ...(action === 'release' ? ['--reason', reason] : []), '--yes'),
  })
  const results = await giveOrders(waiting(), found, { action, by, reason })
  output.data(results.map(({ message, done, says }) => ({ id: message.id, done, says })))
  print(output, results)
  if (results.some(({ done }) => done !== true)) throw new Ended(1)
}

function print(output: Context['output'], results: readonly OrderResult[]): void {
  if (results.length <= SHOWN_MAX) {
    for (const { message, says } of results) output.line(`${message.id} to ${message.domain}: ${says}.`)
    return
  }
  const counts = new Map<string, number>()
  for (const { says } of results) counts.set(says, (counts.get(says) ?? 0) + 1)
  for (const [says, count] of counts) output.line(`${numbered(count, 'message')}: ${says}.`)
}
