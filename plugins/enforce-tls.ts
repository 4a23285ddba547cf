/**
 * enforce-tls: what Haraka loads. Registers the hooks and hands them on; everything else is in the folder of
 * the same name. A bad `enforce-tls.ini`, or a Haraka in which the guard would not hold, stops Haraka here.
 */
import path from 'node:path'
import { Enforcer } from './enforce-tls/plugin.js'
import { markHeader } from './enforce-tls/haraka/header-limit.js'
import { noteNotify } from './enforce-tls/haraka/notify.js'
import type {
  HarakaAddress,
  HarakaConnection,
  HarakaDelivered,
  HarakaMailItem,
  HarakaPlugin,
  HarakaServer,
  Next,
} from './enforce-tls/haraka/types.js'
import { SettingsError } from './enforce-tls/settings/settings.js'
import constants from 'haraka-constants'
import { errorMessage } from './enforce-tls/text/error-message.js'

let enforcer: Enforcer | undefined

/** Called by Haraka once it has loaded the plugin. Throws what is wrong in `enforce-tls.ini`. */
export function register(this: HarakaPlugin): void {
  try {
    enforcer = new Enforcer(this, path.resolve(process.env['HARAKA'] ?? '.', 'config'))
  } catch (error) {
    // Haraka prints the stack as it ends; the operator needs the sentence alone.
    if (error instanceof SettingsError) error.stack = error.message
    throw error
  }
  this.register_hook('init_master', 'check_start')
  this.register_hook('init_child', 'check_start')
  this.register_hook('capabilities', 'before_hello_reply')
  this.register_hook('mail', 'before_sender', -100)
  this.register_hook('data_post', 'after_data', -100)
  this.register_hook('queue_outbound', 'before_queue', -100)
  this.register_hook('queue', 'before_forward', -100)
  this.register_hook('send_email', 'before_attempt', -100)
  this.register_hook('delivered', 'after_delivery')
  this.register_hook('rcpt', 'before_recipient', -100)
  this.register_hook('init_http', 'add_pages', -100)
}

/** Hooks `init_master` and `init_child`: Haraka ends when the answer is DENY. */
export function check_start(this: HarakaPlugin, next: Next, server: HarakaServer): void {
  const problem = problemAtStart()
  if (problem === null) {
    enforcer?.begin(server)
    return next()
  }
  this.logcrit(`enforce-tls refuses to start: ${problem}`)
  next(constants.deny, `enforce-tls refuses to start: ${problem}`)
}

/** Total: Haraka would start if this threw. */
function problemAtStart(): string | null {
  try {
    return enforcer ? enforcer.checkStart() : 'register has not run'
  } catch (error) {
    return `what other plugins could do is unknown: ${errorMessage(error)}`
  }
}

/** Hook `capabilities`. */
export function before_hello_reply(this: HarakaPlugin, next: Next, connection: HarakaConnection): void {
  enforcer?.beforeHello(connection)
  next()
}

/** Hook `mail`. */
export function before_sender(
  this: HarakaPlugin,
  next: Next,
  connection: HarakaConnection,
  [, params]: readonly [HarakaAddress, Readonly<Record<string, unknown>>?],
): void {
  if (enforcer) return enforcer.beforeSender(next, connection, params)
  next()
}

/** Hook `data_post`. */
export function after_data(this: HarakaPlugin, next: Next, connection: HarakaConnection): void {
  const { transaction } = connection
  if (transaction) markHeader(transaction)
  if (enforcer) enforcer.afterData(connection)
  next()
}

/** Hook `queue_outbound`. */
export function before_queue(this: HarakaPlugin, next: Next, connection: HarakaConnection): void {
  if (enforcer) enforcer.beforeQueue(next, connection)
}

/** Hook `queue`. */
export function before_forward(this: HarakaPlugin, next: Next, connection: HarakaConnection): void {
  if (enforcer) enforcer.beforeForward(next, connection)
}

/** Hook `send_email`. */
export function before_attempt(this: HarakaPlugin, next: Next, item: HarakaMailItem): void {
  if (enforcer) enforcer.beforeAttempt(next, item)
}

/** Hook `delivered`. */
export function after_delivery(
  this: HarakaPlugin,
  next: Next,
  item: HarakaMailItem,
  params: HarakaDelivered,
): void {
  if (enforcer) enforcer.afterDelivery(next, item, params)
}

/** Hook `rcpt`. */
export function before_recipient(
  this: HarakaPlugin,
  next: Next,
  connection: HarakaConnection,
  [recipient, params]: readonly [HarakaAddress, Readonly<Record<string, unknown>>?],
): void {
  if (connection.transaction) noteNotify(connection.transaction, recipient, params)
  if (enforcer) enforcer.beforeRecipient(next, connection, recipient)
}

/** Hook `init_http`: comes where `http.ini` has Haraka listen. */
export function add_pages(this: HarakaPlugin, next: Next, server: HarakaServer): void {
  if (!enforcer) return next()
  // Before the console, whose folder this page is in.
  enforcer.addPages(server)
  enforcer.serveConsole(next, server)
}

/** Called by Haraka when it ends. */
export function shutdown(): void {
  void enforcer?.close()
}
