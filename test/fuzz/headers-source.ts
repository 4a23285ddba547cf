/** Sends messages with random header blocks, to few recipients and to very many. */
import { FUZZ_DOMAINS, LEGAL_DOMAIN } from './entries.js'
import type { Hostile } from './hostile.js'
import { submitBytes } from './smtp-client.js'
import { again, pause, type Stage } from './stage.js'

/** More than so many files in the queue say nothing new. */
const QUEUE_MAX = 200

export async function fuzzHeaders(stage: Stage, hostile: Hostile): Promise<void> {
  await again(stage, async () => {
    if (stage.haraka.queueFiles().length > QUEUE_MAX) return pause(500)
    const from = hostile.once(10) ? '' : `ann@${hostile.once(2) ? LEGAL_DOMAIN : hostile.pick(FUZZ_DOMAINS)}`
    const to = recipients(hostile)
    const data = Buffer.from(`${header(hostile)}\r\n\r\ntext`.replaceAll('\r\n.', '\r\n..'), 'latin1')
    stage.ledger.note('headers', {
      from,
      recipients: to.length,
      to: to.slice(0, 3),
      bytes: data.length,
      data: data.toString('latin1'),
    })
    await submitBytes(stage.haraka.port, { from, to, data })
    await pause(hostile.between(0, 200))
  })
}

function recipients(hostile: Hostile): string[] {
  const count = hostile.once(12) ? hostile.pick([500, 2000]) : hostile.between(1, 5)
  const domains = hostile.list(hostile.once(3) ? 20 : 2, () => `${hostile.word()}.sink.example`)
  return hostile.list(count, (index) => `${hostile.word()}${index}@${hostile.pick(domains)}`)
}

function header(hostile: Hostile): string {
  const fields = hostile.one(
    () => hostile.list(hostile.between(0, 30), () => field(hostile)),
    () => hostile.list(hostile.between(0, 30), () => field(hostile)),
    () => hostile.list(3000, () => field(hostile).slice(0, 80)),
    () => [
      `Subject: ${hostile.pick(['a', 'ab', 'é', '=?utf-8?Q?=41?= ', 'x,'])}`.padEnd(9) +
        hostile.pick(['a', 'b ', 'é', '=?utf-8?Q?=41?= ', 'x,', '=?']).repeat(hostile.pick([16_000, 60_000])),
    ],
    () => [`X-Fuzz: ${'a\r\n '.repeat(20_000)}`],
    () => hostile.list(20, () => `X-Fuzz: ${'ab'.repeat(6000)}`),
    () => hostile.list(400, () => `Received: from ${'a'.repeat(600)}`),
    () => [hostile.bytes(hostile.between(1, 20_000)).toString('latin1')],
    () => [],
  )
  return fields.join('\r\n')
}

function field(hostile: Hostile): string {
  const name = hostile.pick([
    'Subject',
    'X-Fuzz',
    'From',
    'To',
    'Received',
    'Message-ID',
    'Content-Type',
    'Date',
    hostile.word(),
    hostile.text(),
  ])
  const value = hostile.one(
    () => hostile.text(),
    () => hostile.word(200),
    () => `=?utf-8?B?${hostile.word(40)}?= =?x-unknown?Q?=41=00?= =?utf-8?Q?`,
    () => `${hostile.word()}\r\n\t${hostile.word()}\r\n ${hostile.text()}`,
    () => `a\rb\0c${hostile.bytes(20).toString('latin1')}`,
    () => 'multipart/mixed; boundary="'.padEnd(hostile.between(30, 3000), 'b'),
  )
  return Buffer.from(`${name}: ${value}`).toString('latin1')
}
