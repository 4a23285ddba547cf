/** Alerts of several processes on one partner book, which is kept in memory here. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Alerts } from '../../../../plugins/enforce-tls/observe/alerts/alerts.js'
import type { DeliveryEvent } from '../../../../plugins/enforce-tls/delivery/delivery-events.js'
import { tlsFailure } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { AlertState } from '../../../../plugins/enforce-tls/store/alert-state.js'
import { until } from '../../../support/until.js'
import { SESSION } from '../../../support/tls-session.js'

/** As the real ones, without a place. */
class BookInMemory implements AlertState {
  readonly #partners = new Map<string, string>()
  #turn = { holder: '', until: 0 }
  /** How often somebody did not get the turn. */
  refusals = 0

  readAll(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map(this.#partners))
  }

  read(name: string): Promise<string | null> {
    return Promise.resolve(this.#partners.get(name) ?? null)
  }

  replace(name: string, expected: string | null, value: string | null): Promise<boolean> {
    if ((this.#partners.get(name) ?? null) !== expected) return Promise.resolve(false)
    if (value === null) this.#partners.delete(name)
    else this.#partners.set(name, value)
    return Promise.resolve(true)
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    if (this.#turn.until > Date.now()) {
      this.refusals++
      return Promise.resolve(false)
    }
    this.#turn = { holder, until: Date.now() + duration }
    return Promise.resolve(true)
  }

  endLeaseAfter(holder: string, duration: number): Promise<void> {
    if (this.#turn.holder === holder) this.#turn.until = Date.now() + duration
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** Some processes, and the mails that they queue. */
class Scene implements AsyncDisposable {
  readonly mails: string[] = []
  readonly log: string[] = []
  readonly book = new BookInMemory()
  readonly queuing: ((error?: Error) => void)[] = []
  readonly #processes: Alerts[]

  constructor(processes: number) {
    const told = (text: string) => void this.log.push(text)
    this.#processes = Array.from(
      { length: processes },
      () =>
        new Alerts({
          logger: { lognotice: told, logwarn: told },
          settings: () => ({ to: ['postmaster@ops.example'], from: '', delay: 0, interval: 1000 }),
          open: () => this.book,
          me: () => 'mta.example',
          queue: (_to, contents) =>
            new Promise((resolve, reject) => {
              this.mails.push(contents)
              this.queuing.push((error) => (error ? reject(error) : resolve()))
            }),
        }),
    )
  }

  take(event: DeliveryEvent): void {
    this.#processes[0]?.take(event)
  }

  async untilMails(count: number): Promise<void> {
    await until(() => this.mails.length >= count, { what: () => `${count} mails`, timeout: 5000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const done of this.queuing) done()
    await Promise.all(this.#processes.map((process) => process.close()))
  }
}

/** Events of long ago would be forgotten. */
const START = Date.now() - 10_000

const requirement = requirementOf({ level: 'encrypt' }, 'bank.example', {
  owner: '*',
  id: 'r1',
  name: 'Banks',
})

function outcome(
  result: 'delivered' | 'bounced',
  {
    at,
    sender = 'ann@acme.example',
    recipient = 'cfo@bank.example',
  }: { at: number; sender?: string; recipient?: string },
): DeliveryEvent {
  return {
    kind: 'outcome',
    at: START + at,
    uuid: 'u',
    sender,
    domain: recipient.slice(recipient.lastIndexOf('@') + 1),
    recipients: [recipient],
    requirement,
    result,
    host: 'mx.bank.example',
    to: '192.0.2.1:25',
    session: result === 'delivered' ? SESSION : null,
    failure: result === 'bounced' ? tlsFailure('starttls-refused', 'refused it') : null,
    status: null,
  }
}

it('one process of several writes the mail, however long that takes', async () => {
  await using scene = new Scene(5)
  scene.take(outcome('delivered', { at: 1000 }))
  scene.take(outcome('bounced', { at: 2000 }))
  await scene.untilMails(1)
  await until(() => scene.book.refusals >= 8, { what: 'each of the others to look twice', timeout: 5000 })
  assert.equal(scene.mails.length, 1)
  scene.queuing[0]?.()
  await until(() => scene.log.length > 0, { what: 'the log line', timeout: 5000 })
  assert.deepEqual(scene.log, ['alert queued for postmaster@ops.example: TLS to bank.example'])
})

it('a mail that can not be queued is written again', async () => {
  await using scene = new Scene(1)
  scene.take(outcome('delivered', { at: 1000 }))
  scene.take(outcome('bounced', { at: 2000 }))
  await scene.untilMails(1)
  scene.queuing[0]?.(new Error('the disk is full'))
  await scene.untilMails(2)
  assert.match(scene.log[0] ?? '', /alerts cannot be sent now, trying again: the disk is full/)
  scene.queuing[1]?.()
  await until(() => scene.log.length > 2, { what: 'the log lines', timeout: 5000 })
  assert.match(scene.log.slice(1).sort().join('; '), /^alert queued for .*; alerts work again/)
})

it('a mail of ours that does not get through is no reason for the next one', async () => {
  await using scene = new Scene(1)
  const digest = { sender: '', recipient: 'postmaster@ops.example' }
  scene.take(outcome('delivered', { at: 1000, ...digest }))
  scene.take(outcome('bounced', { at: 2000, ...digest }))
  scene.take(outcome('delivered', { at: 3000 }))
  scene.take(outcome('bounced', { at: 4000 }))
  await scene.untilMails(1)
  assert.match(scene.mails[0] ?? '', /Subject: TLS fails: bank\.example\r\n/)
})

it('more partners than are kept in mind are told of in the log', async () => {
  await using scene = new Scene(1)
  for (let n = 0; n < 5002; n++) scene.take(outcome('delivered', { at: 1, recipient: `x@d${n}.example` }))
  await until(() => scene.log.length > 0, { what: 'the log line', timeout: 5000 })
  assert.match(scene.log[0] ?? '', /^alerts missed 2 deliveries, /)
})
