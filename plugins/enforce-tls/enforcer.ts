/**
 * Puts it all together for one Haraka process: settings, rules in force, and the decision at every attempt of
 * every queue item. What can't be told makes mail wait, for as long as Haraka's own retries would last.
 */
import path from 'node:path'
import { readFileSync } from 'node:fs'
import constants from 'haraka-constants'
import { composeBounce } from './delivery/bounce.js'
import type { GuardContext } from './delivery/guard-context.js'
import { Guard } from './delivery/guard.js'
import { requirementOfMark } from './delivery/held-bounce.js'
import { divide, isGone, keepAsError, splitOff } from './delivery/queue-files.js'
import { otherSenders } from './other-plugins.js'
import { TlsContexts } from './delivery/tls-contexts.js'
import { trustAnchors } from './delivery/trust-anchors.js'
import { isTrustedHop } from './delivery/next-hop.js'
import type {
  HarakaAddress,
  HarakaConnection,
  HarakaMailItem,
  HarakaMx,
  HarakaOutbound,
  HarakaOutboundConfig,
  HarakaOutboundTls,
  HarakaPlugin,
  Next,
} from './haraka/types.js'
import { RuleBook, RulesUnknown } from './rule-book.js'
import { comparableDomain, comparableLocal, type MailAddress } from './rules/address.js'
import { later } from './rules/levels.js'
import { addUp, sameRequirement, type Requirement } from './rules/requirement.js'
import { readSettings, SETTINGS_FILE, SettingsError, type Settings } from './settings.js'
import { openStore } from './store/open-store.js'
import type { RuleStore } from './store/rule-store.js'

/** Mail whose rules can't be told waits at least this long before its sender hears of it, in ms. */
const PATIENCE_MIN = 24 * 60 * 60 * 1000

/** What the hook `send_email` answers. */
type Answer = number | { readonly code: number; readonly argument: unknown }

/** Recipients that require the same. */
interface Group {
  readonly requirement: Requirement | null
  readonly recipients: HarakaAddress[]
}

/** The plugin in one Haraka process. */
export class Enforcer {
  readonly #plugin: HarakaPlugin
  readonly #store: RuleStore
  readonly #rules: RuleBook
  readonly #configFolder: string
  readonly #guardContext: GuardContext
  /** Since when the rules of an item can't be told, in ms of a clock that nobody sets. */
  readonly #undecidedSince = new WeakMap<HarakaMailItem, number>()
  #settings: Settings
  #contexts: TlsContexts

  /**
   * @throws {SettingsError} for a bad `enforce-tls.ini`.
   */
  constructor(plugin: HarakaPlugin, configFolder: string) {
    this.#plugin = plugin
    this.#configFolder = configFolder
    this.#settings = readSettings(plugin.config, (result) => this.#onSettingsChange(result))
    this.#contexts = this.#makeContexts(this.#settings)
    const { store, redis, cache } = this.#settings
    this.#store = openStore(
      { store: { ...store, file: path.resolve(configFolder, store.file) }, redis },
      {
        onStateChange: (state, detail) => {
          if (state === 'available') plugin.lognotice(`rule store is available: ${detail}`)
          else plugin.logerror(`rule store is not available: ${detail}`)
        },
      },
    )
    this.#rules = new RuleBook(this.#store, plugin, cache.maxOwners)
    this.#guardContext = this.#makeGuardContext()
    plugin.loginfo(`rules are in ${this.#store.description}`)
  }

  #onSettingsChange(result: { readonly settings: Settings } | { readonly error: Error }): void {
    try {
      if ('error' in result) throw result.error
      this.#contexts = this.#makeContexts(result.settings)
      this.#settings = result.settings
      this.#plugin.lognotice('enforce-tls.ini was read again')
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.#plugin.logerror(`${problem}; the settings before this change stay in force`)
    }
  }

  /** @throws {SettingsError} when `[tls] ca` is no file of certificates. */
  #makeContexts({ tls }: Settings): TlsContexts {
    const file = tls.ca === '' ? '' : path.resolve(this.#configFolder, tls.ca)
    try {
      const anchors = trustAnchors(file)
      return new TlsContexts(() => anchors)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      throw new SettingsError(
        `${SETTINGS_FILE}: [tls] ca=${tls.ca}: expected a PEM file of CA certificates: ${problem}`,
      )
    }
  }

  /** Hook `send_email`: runs before every attempt of every item, also after a restart. Total. */
  beforeAttempt(next: Next, item: HarakaMailItem): void {
    // Synchronous and first: from here on, a throw, a time-out or another plugin's answer can't let mail out.
    const guard = Guard.put(item, this.#guardContext)
    this.#decide(guard, item).then(
      (code) => (typeof code === 'object' ? next(code.code, code.argument) : next(code)),
      (error: unknown) => {
        item.logcrit(
          `enforce-tls: no decision, the message waits: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
        next(constants.delay, String(this.#settings.main.deferSeconds))
      },
    )
  }

  /**
   * Hook `queue_outbound`: other queue plugins would send a message in their own way, so one that is covered
   * is kept from them and goes into Haraka's outbound queue. Total.
   */
  beforeQueue(next: Next, { transaction }: HarakaConnection): void {
    const senders = otherSenders(this.#plugin)
    if (!transaction || senders.length === 0 || this.#settings.main.reportOnly) return next()
    const { mail_from, rcpt_to } = transaction
    this.#rules
      .requirementsFor(comparable(mail_from), rcpt_to.map(comparable))
      .then(
        (requirements) => requirements.some((requirement) => requirement !== null),
        (error: unknown) =>
          !(
            error instanceof RulesUnknown &&
            !error.invalid &&
            this.#settings.main.onStoreFailure === 'deliver'
          ),
      )
      .then(
        (covered) => {
          if (covered)
            transaction.notes.skip_plugins = [...(transaction.notes.skip_plugins ?? []), ...senders]
          next()
        },
        (error: unknown) => {
          this.#plugin.logcrit(`no decision at queue_outbound: ${String(error)}`)
          next(constants.denysoft, 'The rules for this message can not be told now, try again later')
        },
      )
  }

  /** Gives connections, watchers and timers back. */
  close(): Promise<void> {
    return this.#store.close()
  }

  /** Decides for one item; gives what the hook answers. */
  async #decide(guard: Guard, item: HarakaMailItem): Promise<Answer> {
    const { turn } = guard
    const groups = await this.#groupsOf(item).catch((error: unknown) => {
      if (error instanceof RulesUnknown) return error
      throw error
    })
    const gone = await isGone(item.path)
    // Haraka has given up waiting for this answer: the rules are asked again at the next attempt.
    if (guard.turn !== turn) return constants.cont
    const requirement = groups instanceof RulesUnknown ? null : (groups[0]?.requirement ?? null)
    if (!(groups instanceof RulesUnknown) && groups.length === 1 && !requirement) {
      guard.release()
      return constants.cont
    }
    if (gone) {
      guard.dissolve()
      item.lognotice('enforce-tls: somebody has removed the queue file, so there is nothing to send')
      return constants.cont
    }
    if (groups instanceof RulesUnknown) return this.#withoutRules(guard, item, groups)
    this.#undecidedSince.delete(item)
    if (groups.length > 1) {
      await this.#guardContext.divide(
        item,
        groups.map((group) => group.recipients),
      )
      guard.dissolve()
      item.loginfo(
        `enforce-tls: divided into ${groups.length} items, because its recipients require different things`,
      )
      return constants.cont
    }
    if (requirement) this.#require(guard, item, requirement)
    return constants.cont
  }

  #require(guard: Guard, item: HarakaMailItem, requirement: Requirement): void {
    if (this.#settings.main.reportOnly) {
      guard.release()
      item.lognotice(`enforce-tls: report only: ${requirement.level} would be required${byWhom(requirement)}`)
      return
    }
    item.loginfo(`enforce-tls: ${requirement.level} is required${byWhom(requirement)}`)
    guard.enforce(requirement)
  }

  /** @throws {RulesUnknown} when the rules of an owner can't be read and never were. */
  async #groupsOf(item: HarakaMailItem): Promise<Group[]> {
    const { mail_from, rcpt_to } = item.todo
    const requirements = await this.#rules.requirementsFor(comparable(mail_from), rcpt_to.map(comparable))
    const mark = requirementOfMark(item)
    return grouped(
      rcpt_to,
      requirements.map((requirement) => addUp(requirement, mark)),
    )
  }

  #withoutRules(guard: Guard, item: HarakaMailItem, error: RulesUnknown): Answer {
    const { onStoreFailure, deferSeconds } = this.#settings.main
    if (onStoreFailure === 'deliver' && !error.invalid) {
      const mark = requirementOfMark(item)
      if (mark) this.#require(guard, item, mark)
      else guard.release()
      item.logwarn('enforce-tls: delivered without knowing the rules (on_store_failure=deliver)')
      return constants.cont
    }
    const now = performance.now()
    const since = this.#undecidedSince.get(item) ?? now
    this.#undecidedSince.set(item, since)
    if (now - since > this.#patience()) {
      guard.abandon(`the rules of the sender could not be read: ${error.message}`)
      return constants.cont
    }
    item.loginfo(`enforce-tls: the message waits ${deferSeconds} s: ${error.message}`)
    // A text: Haraka's log complains about an argument that is a number.
    return { code: constants.delay, argument: String(deferSeconds) }
  }

  /** As long as Haraka's own retries go on, in milliseconds. */
  #patience(): number {
    const { cfg } = this.#plugin.haraka_require('outbound/config') as HarakaOutboundConfig
    const seconds = (cfg.temp_fail_intervals ?? []).reduce((sum, interval) => sum + interval, 0)
    return Math.max(seconds * 1000, PATIENCE_MIN)
  }

  #makeGuardContext(): GuardContext {
    const plugin = this.#plugin
    const outboundTls = () => plugin.haraka_require('outbound/tls') as HarakaOutboundTls
    const outbound = () => plugin.haraka_require('outbound') as HarakaOutbound
    const me = () => ownName(plugin)
    return {
      settings: () => this.#settings,
      me,
      outbound,
      isTrusted: (mx) => isTrustedHop(mx, this.#settings.main.trustedNextHops),
      secureContext: (mx: HarakaMx, { minVersion, trusted }: Requirement) => {
        const lowest = later(this.#settings.tls.minVersion, minVersion ?? this.#settings.tls.minVersion)
        return this.#contexts.get({ minVersion: lowest, trusted }, outboundTls().get_tls_options(mx))
      },
      composeBounce: (request) =>
        composeBounce(request, {
          me: me(),
          content: this.#settings.failure.bounceContent,
          templates: {
            text: template(plugin, 'enforce-tls.bounce_message'),
            html: template(plugin, 'enforce-tls.bounce_message_html'),
          },
          now: new Date(),
        }),
      divide: (item, groups) => divide(item, groups, outbound()),
      splitOff: (item, recipients) => splitOff(item, recipients, outbound()),
      keepAsError,
    }
  }
}

/** Haraka's own way to its name. */
function ownName(plugin: HarakaPlugin): string {
  const { get_primary_host_name } = (plugin.haraka_require('outbound') as HarakaOutbound).net_utils
  return get_primary_host_name()
}

function template(plugin: HarakaPlugin, name: string): readonly string[] {
  const lines = plugin.config.get(name, 'data')
  if (lines.length > 0 || name.endsWith('_html')) return lines
  // An unreadable template must not make a bounce without From and To.
  return readFileSync(path.resolve(__dirname, '..', '..', '..', 'config', name), 'utf8').split('\n')
}

function comparable({ user, host }: HarakaAddress): MailAddress {
  return { local: comparableLocal(user), domain: comparableDomain(host) }
}

/** Recipients that require the same, in the order of the envelope. */
function grouped(
  recipients: readonly HarakaAddress[],
  requirements: readonly (Requirement | null)[],
): Group[] {
  const groups: Group[] = []
  for (const [index, recipient] of recipients.entries()) {
    const requirement = requirements[index] ?? null
    const group = groups.find((other) => sameRequirement(other.requirement, requirement))
    if (group) group.recipients.push(recipient)
    else groups.push({ requirement, recipients: [recipient] })
  }
  return groups
}

function byWhom({ decidedBy }: Requirement): string {
  return decidedBy
    .map(({ owner, id, name }) => `, by rule ${id} of ${owner} (${JSON.stringify(name)})`)
    .join('')
}
