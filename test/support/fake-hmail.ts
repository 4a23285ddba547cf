/**
 * Haraka's outbound queue without Haraka: an item whose methods do what those of Haraka 3.3.4 do (`outbound/hmail.js`),
 * as far as a guard can tell, on real connections. All that Haraka does, or is told to do, goes into `told` in the order
 * of events; nothing is read from disk, and what waits in the queue stays there until a test takes it out.
 */
import { EventEmitter } from 'node:events'
import { connect, isIP } from 'node:net'
import { Readable } from 'node:stream'
import constants from 'haraka-constants'
import type { HarakaAddress, HarakaMailItem, HarakaMx } from '../../plugins/enforce-tls/haraka/types.js'
import type { FakeHaraka } from './fake-haraka.js'
import { FakeSocket, speak, type Dialogue } from './fake-hmail-dialogue.js'

/** One queue item. */
export class FakeHmail extends EventEmitter implements HarakaMailItem {
  readonly filename = '1700000000000_1700000000000_0_1_abcdef_1_mta.test.example'
  path = `/queue/${this.filename}`
  readonly data_start = 0
  num_failures = 0
  refcount = 1
  /** The message. */
  content = 'Subject: Secret\r\n\r\nThe text\r\n'
  readonly todo: HarakaMailItem['todo']
  mxlist: HarakaMx[] = []
  bounce_error: Error | null = null
  force_tls = false
  next_cb = (): void => {
    this.note('next')
    this.haraka.underWay.delete(this)
  }

  constructor(
    readonly haraka: FakeHaraka,
    todo: Pick<HarakaMailItem['todo'], 'mail_from' | 'rcpt_to' | 'notes'>,
    private readonly isPart = false,
  ) {
    super()
    this.todo = { domain: 'bank.example', queue_time: Date.now() - 60_000, uuid: 'U', ...todo }
  }

  note(what: string): void {
    const who = this.isPart ? `${this.todo.rcpt_to.map(({ user }) => user).join()}: ` : ''
    this.haraka.told.push(who + what)
  }

  /** Another item for some of the recipients. */
  part(recipients: readonly HarakaAddress[]): FakeHmail {
    const part = new FakeHmail(this.haraka, { ...this.todo, rcpt_to: [...recipients] }, true)
    part.num_failures = this.num_failures
    this.haraka.underWay.add(part)
    return part
  }

  send(): void {
    this.haraka.underWay.add(this)
    this.#runHook('send_email')
  }

  send_email_respond(code: number, delaySeconds?: unknown): void {
    if (code !== constants.delay) return this.get_mx()
    this.note(`delay`)
    this.next_cb()
    const { temp_fail_queue, delivery_queue } = this.haraka.outbound
    temp_fail_queue.add(this.filename, Number(delaySeconds) * 1000, () => delivery_queue.push(this))
  }

  get_mx(): void {
    this.note('get_mx')
    this.#runHook('get_mx', this.todo.domain)
  }

  async get_mx_respond(code: number, hosts: unknown): Promise<void> {
    if (code === constants.ok) {
      const list = (Array.isArray(hosts) ? hosts : [hosts]) as HarakaMx[]
      return this.found_mx(list.map((mx) => ({ ...mx })))
    }
    const temporary = code === constants.denysoft
    this.#mark(this.todo.rcpt_to, temporary ? 4 : 5, '1.2')
    if (temporary) this.temp_fail('Temporary MX lookup error')
    else this.bounce('No MX')
    return Promise.resolve()
  }

  async found_mx(hosts: HarakaMx[]): Promise<void> {
    if (hosts.length === 1 && hosts[0]?.priority === 0 && hosts[0].exchange === '') {
      this.#mark(this.todo.rcpt_to, 5, '1.10')
      return this.bounce('NULL MX')
    }
    // Names are resolved here; this DNS knows none.
    this.mxlist = hosts.filter(({ exchange, path }) => path !== undefined || isIP(exchange ?? '') !== 0)
    await this.try_deliver()
  }

  sort_mx(hosts: HarakaMx[]): HarakaMx[] {
    return hosts.toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
  }

  get_mx_error({ code }: { readonly code: string }): void {
    this.#mark(this.todo.rcpt_to, code === 'ENOTFOUND' ? 5 : 4, '1.2')
    if (code === 'ENOTFOUND') this.bounce('No Such Domain')
    else this.temp_fail('DNS lookup failure')
  }

  get_force_tls({ exchange = '' }: HarakaMx): boolean {
    return this.haraka.forceTlsHosts.has(exchange)
  }

  async try_deliver(): Promise<void> {
    const mx: (HarakaMx & { readonly bind?: string }) | undefined = this.mxlist.shift()
    if (!mx) {
      this.#mark(this.todo.rcpt_to, 5, '1.2')
      return this.temp_fail('Tried all MXs')
    }
    // Haraka looks here whether the host is this one.
    await Promise.resolve()
    this.force_tls = this.get_force_tls(mx)
    this.note(`connect ${nameOf(mx)}${this.force_tls ? '' : ', TLS not forced'}`)
    const host = mx.path ?? mx.exchange ?? ''
    const port = mx.port ?? 25
    const local = mx.bind === undefined ? {} : { localAddress: mx.bind }
    const raw = connect(mx.path ? { path: mx.path } : { host, port, ...local })
    const failed = (): void => void this.try_deliver()
    raw.once('error', failed)
    raw.once('connect', () => {
      raw.off('error', failed)
      this.try_deliver_host_on_socket(mx, host, port, new FakeSocket(raw))
    })
  }

  try_deliver_host_on_socket(mx: HarakaMx, _host: string, _port: number, socket: unknown): void {
    speak(this, mx, nameOf(mx), socket as Dialogue)
  }

  temp_fail(error: string, extra?: object): void {
    this.note('temp_fail')
    this.num_failures++
    const delay = this.haraka.intervals[this.num_failures - 1]
    if (delay !== undefined) return this.#runHook('deferred', { delay, err: error, ...extra })
    for (const recipient of this.todo.rcpt_to) {
      recipient.dsn_action = 'failed'
      if (recipient.dsn_status) recipient.dsn_status = recipient.dsn_status.replace(/^4/, '5')
    }
    this.bounce(`Too many failures (${error})`, extra)
  }

  deferred_respond(code: number, message: unknown, params: { delay: number; err: string }): Promise<void> {
    const { temp_fail_queue, delivery_queue } = this.haraka.outbound
    if (code === constants.cont || code === constants.denysoft) {
      const seconds = code === constants.denysoft ? Number.parseInt(String(message), 10) : params.delay
      this.note('deferred')
      this.next_cb()
      temp_fail_queue.add(this.filename, seconds * 1000, () => delivery_queue.push(this))
    } else this.discard()
    return Promise.resolve()
  }

  bounce(error: string, extra?: object): void {
    this.note('bounce')
    this.bounce_error = Object.assign(new Error(error), extra)
    this.#runHook('bounce', this.bounce_error)
  }

  bounce_respond(code: number): void {
    if (code !== constants.cont) return this.discard()
    if (!this.todo.mail_from.user) return this.double_bounce('Mail was already a bounce')
    this.note("Haraka's own bounce")
    this.discard()
  }

  double_bounce(error: string): void {
    this.lognotice(error)
    this.note('deleted unheard')
    this.next_cb()
  }

  delivered(
    _host: unknown,
    _port: unknown,
    _mode: unknown,
    _name: unknown,
    _response: unknown,
    accepted: HarakaAddress[],
    deferred: HarakaAddress[],
    refused: HarakaAddress[],
    secured: unknown,
    authenticated: unknown,
  ): void {
    this.loginfo(`delivered tls=${String(secured)} auth=${String(authenticated)}`)
    this.note(`delivered ${accepted.length}/${deferred.length}/${refused.length}`)
    this.#runHook('delivered', accepted)
  }

  delivered_respond(): void {
    this.discard()
  }

  discard(): void {
    this.refcount--
    if (this.refcount > 0) return
    this.note('file removed')
    this.next_cb()
  }

  split_to_new_recipients(
    recipients: HarakaAddress[],
    _reason: string,
    callback: (item: FakeHmail) => void,
  ): void {
    this.note("Haraka's own split")
    callback(this.part(recipients))
  }

  data_stream(): Readable {
    return Readable.from([Buffer.from(this.content)])
  }

  loginfo(...data: unknown[]): void {
    this.haraka.log.push(`INFO ${data.join(' ')}`)
  }

  logcrit(...data: unknown[]): void {
    this.haraka.log.push(`CRIT ${data.join(' ')}`)
  }

  readonly logdebug = this.loginfo.bind(this)
  readonly lognotice = this.loginfo.bind(this)
  readonly logwarn = this.loginfo.bind(this)
  readonly logerror = this.loginfo.bind(this)

  /** Plugins answer later, never at once. */
  #runHook(hook: string, argument?: unknown): void {
    const respond = `${hook}_respond` as 'deferred_respond'
    void Promise.resolve(this.haraka.hooks[hook]?.(this, argument) ?? [constants.cont]).then(
      ([code, answer]) => this[respond](code, answer, argument as { delay: number; err: string }),
    )
  }

  /** As `extend_rcpt_with_dsn` does. */
  #mark(recipients: readonly HarakaAddress[], cls: 4 | 5, status: string): void {
    for (const recipient of recipients) {
      recipient.dsn_status = `${cls}.${status}`
      recipient.dsn_action = cls === 4 ? 'delayed' : 'failed'
    }
  }
}

/** The fake that an item is. @throws {TypeError} for one that is none */
export function fakeOf(item: HarakaMailItem): FakeHmail {
  if (!(item instanceof FakeHmail)) throw new TypeError('no fake')
  return item
}

/** The first label of the host's name. */
function nameOf({ path, from_dns, exchange }: HarakaMx): string {
  return (path ?? from_dns ?? exchange ?? '').replace(/\..*/, '')
}
