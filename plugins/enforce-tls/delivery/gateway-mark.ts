/**
 * The mark on a message that goes through a gateway, by which it is known if it comes back: a header field with a keyed
 * hash (HMAC-SHA-256) of the gateway, the message and its recipients. Nobody else can make one, nothing can be read from it,
 * and one that was made for another message, or for other recipients of it, is none: whoever has received a message may send
 * it on, mark and all. A gateway that divides recipients gets each part once more. Against gateways that take it off, too many `Received` fields count as a
 * round as well (RFC 5321 section 6.3).
 */
import { createHmac } from 'node:crypto'
import { comparable } from '../haraka/address.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { gatewayAddress, type Gateway } from '../settings/gateways.js'
import { readHeaderFields, type HeaderField } from './message-header.js'

const NAME = 'X-Enforce-TLS-Loop'
/** Of a hash, 132 bits. */
const HASH_LENGTH = 22
/** Servers that a message may have passed: as Exim has it (`received_headers_max`); hardly any has passed half as many. */
const RECEIVED_MAX = 30

/** What is known of a message before it goes to a gateway. */
export interface GatewayMark {
  /** The header field that it gets there, with its line end. */
  readonly field: Buffer
  /** Why it does not go there, as the end of a sentence about the gateway; `null` for nothing. */
  readonly loop: string | null
}

/** @throws where the message can't be read (rejects) */
export async function markFor(
  item: Pick<HarakaMailItem, 'data_stream' | 'todo'>,
  gateway: Gateway,
  key: string,
): Promise<GatewayMark> {
  const fields = await readHeaderFields(item.data_stream())
  const valuesOf = (name: string): string[] =>
    fields.filter((field) => field.name === name).map(({ value }) => value)
  const mark = hashOf(gateway, item.todo, fields, key)
  const field = Buffer.from(`${NAME}: ${mark}\r\n`, 'latin1')
  if (valuesOf(NAME.toLowerCase()).includes(mark))
    return { field, loop: 'has had the message for the same recipients before, so it does not get it again' }
  const passed = valuesOf('received').length
  return {
    field,
    loop:
      passed > RECEIVED_MAX
        ? `does not get the message, because that has passed ${passed} servers by now (Received fields; at most ${RECEIVED_MAX})`
        : null,
  }
}

function hashOf(
  gateway: Gateway,
  { domain, rcpt_to }: HarakaMailItem['todo'],
  fields: readonly HeaderField[],
  key: string,
): string {
  const id = fields.find(({ name }) => name === 'message-id')?.value ?? ''
  const about = [gateway.name, gatewayAddress(gateway), domain.toLowerCase(), id, namesOf(rcpt_to)]
  return createHmac('sha256', key)
    .update(JSON.stringify(['gateway', ...about]))
    .digest('base64url')
    .slice(0, HASH_LENGTH)
}

/** In any order, and as rules compare them: a gateway may spell an address otherwise. */
function namesOf(recipients: readonly HarakaAddress[]): string[] {
  const names = recipients.map(comparable).map(({ local, domain }) => JSON.stringify([local, domain]))
  return [...new Set(names)].sort()
}
