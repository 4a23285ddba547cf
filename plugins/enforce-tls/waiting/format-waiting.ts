/** What command and console say of mail that waits, in the same words. Pure. */
import { definitionOf, FAILURE_CLASS_NAMES } from '../delivery/failure-classes.js'
import { listed, numbered } from '../text/list.js'
import { formatUtc } from '../text/utc.js'
import type { Action } from './orders.js'
import type { WaitingMessage, WaitingNode } from './read-waiting.js'

/** Why a message waits, in one sentence without a full stop. */
export function reasonOf({
  host,
  detail,
  domain,
  gateway,
  class: name,
}: Pick<WaitingMessage, 'host' | 'detail' | 'domain' | 'gateway' | 'class'>): string {
  const reason = host === '' || host === domain ? detail : `${host} ${detail}`
  if (gateway !== undefined) return `gateway ${gateway}: ${reason}`
  const known = FAILURE_CLASS_NAMES.find((each) => each === name)
  return known && definitionOf(known).isGateway ? `gateway ${reason}` : reason
}

/** What is unknown, or as it was at another time; a sentence each. */
export function nodeRemarks(nodes: readonly WaitingNode[]): string[] {
  return nodes.flatMap((node) => [
    ...(node.down
      ? [`${node.name} has not been seen since ${formatUtc(node.seen)}; its waiting mail is as it was then.`]
      : []),
    ...(node.more ? [`${node.name} has more mail waiting than it lists.`] : []),
    ...untriedRemarks([node]),
  ])
}

/** What may wait, too; a sentence each. */
export function untriedRemarks(nodes: readonly Pick<WaitingNode, 'name' | 'untried'>[]): string[] {
  return nodes
    .filter(({ untried }) => untried > 0)
    .map(({ name, untried }) => {
      const [has, waits] = untried === 1 ? ['has', 'it waits'] : ['have', 'they wait']
      return `${numbered(untried, 'message')} in the queue of ${name} ${has} not been tried since it was started; whether ${waits} for TLS is not known yet.`
    })
}

/** What is said where nothing is listed. @param filtered whether a part was asked for */
export function formatNothing(nodes: readonly WaitingNode[], filtered: boolean): string {
  if (nodes.length === 0)
    return 'Unknown: no Haraka has told these rules what waits. Is one running with them?'
  const known = nodes.some(({ untried }) => untried > 0) ? 'known to wait' : 'waiting'
  return `No ${filtered ? 'such ' : ''}message is ${known} for TLS. Mail that waits for another reason, such as a server that is down, is not listed.`
}

/** What an order will do, for the question before it. */
export function whatWillHappen(action: Action, messages: readonly WaitingMessage[]): string {
  const partners = listed([...new Set(messages.map(({ domain }) => domain))], 3)
  const what = `${numbered(messages.length, 'message')} to ${partners}`
  switch (action) {
    case 'retry':
      return `Try ${what} now, under the rules in force.`
    case 'fail':
      return `Give up ${what}: ${messages.length === 1 ? 'its sender gets' : 'their senders get'} a bounce, and it cannot be undone.`
    case 'release':
      return `Release ${what}: it goes ONCE WITHOUT the TLS that its rules require, so others may read it on its way. That is recorded with your name and reason, and cannot be undone.`
  }
}
